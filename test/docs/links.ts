/** A link of a Markdown page to a place in the repository. */
export interface Link {
  /** The path as it is written, from the page's folder; `""` for the page itself. */
  readonly path: string;
  /** What stands behind `#`; `null` without one. */
  readonly anchor: string | null;
}

/** The links and images of a page that lead to no other site. */
export function localLinks(page: string): Link[] {
  const targets = [...withoutCode(page).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor = null] = target.split("#", 2);
      return { path, anchor };
    });
}

/** The anchors of a page: those that it names itself, and those that GitHub makes of its headings. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutFences(page).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  for (const [, id = ""] of withoutFences(page).matchAll(/<a id="([^"]+)"><\/a>/g)) anchors.add(id);
  return anchors;
}

function slugOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

const withoutFences = (page: string): string => page.replace(/^([ \t]*)```.*?^\1```$/gms, "");
const withoutCode = (page: string): string => withoutFences(page).replace(/`[^`\n]*`/g, "");
