"""Notices of machines about our letters, as mail servers write them."""


def bounced(
    message_id: str, recipient: str, *, status: str = "5.1.1", action: str = "failed", whole: bool = True
) -> bytes:
    """Write a delivery report (RFC 3464) that gives back a letter, or only its headers."""
    back = f"From: enquiries@example.org\r\nMessage-ID: {message_id}\r\nSubject: A letter\r\n\r\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.com>\r\nTo: enquiries@example.org\r\n"
        "Subject: Undelivered mail returned to sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nYour mail did not arrive.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such\r\n user\r\n\r\n"
        f"--B\r\nContent-Type: {kind}\r\n\r\n{back}Text.\r\n--B--\r\n"
    ).encode()


def abuse(message_id: str, *, kind: str = "abuse") -> bytes:
    """Write a feedback report (RFC 5965) about a letter."""
    return (
        "From: feedback@mx.example.com\r\nTo: enquiries@example.org\r\nSubject: Spam report\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nA report.\r\n"
        f"--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\n"
        "User-Agent: x/1\r\nVersion: 1\r\n\r\n"
        f"--B\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {message_id}\r\nSubject: A letter\r\n\r\nText.\r\n--B--\r\n"
    ).encode()


def forwarded(notice: bytes, *, flat: bool = False) -> bytes:
    """Write what a person sends who encloses a notice in a mail: as a mail within it, or its parts one by one."""
    parts = notice.partition(b"\r\n\r\n")[2] if flat else b""
    return (
        b"From: Sam <sam@example.com>\r\nTo: enquiries@example.org\r\nSubject: Fwd: Undelivered mail\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + (b"B" if flat else b"A") + b'"\r\n\r\n'
        + (b"--B" if flat else b"--A")
        + b"\r\nContent-Type: text/plain\r\n\r\nYour letter came back to me. What now?\r\n"
        + (parts if flat else b"--A\r\nContent-Type: message/rfc822\r\n\r\n" + notice + b"\r\n--A--\r\n")
    )  # fmt: skip
