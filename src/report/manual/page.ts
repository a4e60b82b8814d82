/** All colours keep a contrast of 4.5:1 to their background (WCAG 2.2, 1.4.3), in the light and in the dark. */
export const pageStyle: string = `
:root { --text: #1c2024; --soft: #4a5560; --paper: #fff; --block: #f3f5f7; --line: #d5dae0; --link: #0b57a4; --mark: #9a3412; --key: #0b57a4; --string: #1f6b34; --word: #8a3ffc; }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e6e9ec; --soft: #aab4be; --paper: #14171a; --block: #1f2428; --line: #39424a; --link: #8cc2ff; --mark: #ffb27a; --key: #8cc2ff; --string: #8fd19e; --word: #d0b4ff; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { margin: 0; color: var(--text); background: var(--paper); font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; z-index: 3; }
header { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; padding: .6rem 1.2rem; background: var(--paper); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.2rem; }
search { display: flex; gap: .5rem; align-items: center; flex: 1 1 16rem; min-width: 0; }
search[hidden] { display: none; }
input { flex: 1; min-width: 6rem; max-width: 24rem; padding: .35rem .6rem; font: inherit; color: inherit; background: var(--block); border: 1px solid var(--soft); border-radius: .3rem; }
::placeholder { color: var(--soft); opacity: 1; }
output { color: var(--soft); white-space: nowrap; }
nav { padding: .8rem 1.2rem; }
nav ul { list-style: none; margin: .4rem 0; padding: 0; }
nav a { display: inline-block; padding: .15rem 0; overflow-wrap: anywhere; }
nav p { margin: .8rem 0 0; color: var(--soft); }
main { padding: .8rem 1.2rem 4rem; max-width: 60rem; min-width: 0; }
h2 { margin: 2.2rem 0 .4rem; padding-top: .6rem; border-top: 1px solid var(--line); font: 600 1.3rem/1.3 ui-monospace, monospace; overflow-wrap: anywhere; }
h2 a, dt a { color: inherit; text-decoration: none; }
h2 a:hover, dt a:hover { text-decoration: underline; }
p, ul { margin: .3rem 0; }
.kind { color: var(--soft); }
.required { color: var(--mark); font-weight: 600; }
.notes { color: var(--soft); }
code, pre, dt { font-family: ui-monospace, monospace; font-size: .92em; }
code { overflow-wrap: anywhere; }
pre { margin: .8rem 0; padding: .8rem 1rem; overflow-x: auto; background: var(--block); border-radius: .3rem; }
dl { margin: 0; }
.entry { padding: .6rem 0; border-top: 1px solid var(--line); }
.entry:target, h2:target { background: var(--block); }
dt { font-weight: 600; overflow-wrap: anywhere; }
dd { margin: .1rem 0 0 1.2rem; }
.y-key { color: var(--key); } .y-text { color: var(--string); } .y-word { color: var(--word); } .y-comment, .y-sign { color: var(--soft); }
@media (min-width: 60rem) {
  body { display: grid; grid-template: auto 1fr / 17rem minmax(0, 1fr); }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 3.6rem; align-self: start; max-height: calc(100vh - 3.6rem); overflow-y: auto; border-right: 1px solid var(--line); }
}
@media print {
  header { position: static; } search, nav, .skip { display: none !important; } main { max-width: none; padding: 0; }
  body { display: block; font-size: 10pt; } a { color: inherit; } pre { white-space: pre-wrap; border: 1px solid var(--line); }
  .entry, pre { break-inside: avoid; } h2 { break-after: avoid; }
}
`;

/** Search as one types. Without it the page is whole, but for the search. */
export const pageScript: string = `
const field = document.querySelector("search"), input = document.getElementById("search"), found = document.querySelector("output");
const sections = [...document.querySelectorAll("main section")].map((section) => ({
  section,
  own: section.querySelector("h2").textContent + " " + section.querySelector(".key").textContent,
  entries: [...section.querySelectorAll(".entry")].map((entry) => ({ entry, text: entry.textContent.toLowerCase() })),
}));
function search() {
  const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const fits = (text) => words.every((word) => text.includes(word));
  let count = 0;
  for (const { section, own, entries } of sections) {
    const isOwn = fits(own.toLowerCase());
    let any = isOwn;
    for (const { entry, text } of entries) {
      const shown = isOwn || fits(text);
      entry.hidden = !shown;
      any ||= shown;
      if (shown && words.length > 0) count++;
    }
    section.hidden = !any;
    if (isOwn && words.length > 0) count++;
  }
  found.textContent = words.length === 0 ? "" : count + (count === 1 ? " match" : " matches");
}
field.hidden = false;
input.addEventListener("input", search);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== input) { event.preventDefault(); input.focus(); }
  if (event.key === "Escape" && input.value !== "") { input.value = ""; search(); }
});
addEventListener("hashchange", () => { input.value = ""; search(); document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView(); });
if (matchMedia("(max-width: 60rem)").matches) document.querySelector("nav details").open = false;
`;
