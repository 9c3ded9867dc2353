"""During and after a placement: hours, procedures, evaluations, visits, and the record that is signed at the end."""
