const field = document.querySelector("input[type=search]");
const rows = [...document.querySelectorAll("details.endpoint")];
field.hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  }
  for (const group of document.querySelectorAll("section.group")) {
    group.hidden = !group.querySelector("details.endpoint:not([hidden])");
  }
});
