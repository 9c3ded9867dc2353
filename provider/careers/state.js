(() => {
  const select = document.querySelector("select[data-state]");
  if (!select) return;
  const chosen = select.dataset.state;
  const safe = location.protocol === "https:" ? "; secure" : "";
  if (chosen) document.cookie = `state=${chosen}; path=/; max-age=15552000; samesite=lax${safe}`;
  else select.value = document.cookie.match(/\bstate=([A-Z]{2})\b/)?.[1] ?? "";
})();
