/** A step of a workflow: its keys, those of `with` among them. */
export type Step = Readonly<Record<string, string>>;

type Open = {
  readonly indent: number;
  readonly keys: Set<string>;
  readonly key: string;
  readonly hasValue: boolean;
};

const LINE = /^( *)(- )?(?:([\w-]+):(?: (.+))?|(.+))$/;

/**
 * Reads the steps of a workflow in the part of YAML that the pages use: mappings and sequences in blocks, plain values in
 * one line. Whatever else stands there is refused, so that a page cannot show what GitHub would not read either.
 *
 * @throws Error naming the line.
 */
export function readWorkflow(text: string): Step[] {
  const steps: Record<string, string>[] = [];
  let open: Open[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const refuse = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`);
    const [, spaces = "", dash, key, value, item] = LINE.exec(line) ?? [];
    if (line.trim() === "") continue;
    if (spaces.length % 2 !== 0 || line.includes("\t")) throw refuse("the indent is odd");
    requirePlain(value ?? item ?? "", refuse);
    if (dash === undefined && item !== undefined) throw refuse("neither a key nor an item");
    const indent = spaces.length + (dash === undefined ? 0 : 2);
    open = open.filter((one) => one.indent <= indent && (dash === undefined || one.indent < indent));
    const beside = open.find((one) => one.indent === indent);
    const parent = open.findLast((one) => one.indent < indent);
    if (
      indent > 0 &&
      beside === undefined &&
      (parent === undefined || indent - parent.indent > (dash === undefined ? 2 : 4))
    )
      throw refuse("the indent jumps");
    if (parent?.hasValue === true) throw refuse("what has a value has no children");
    const inSteps = open.some((one) => one.key === "steps");
    if (inSteps && dash !== undefined) steps.push({});
    if (key === undefined) continue;
    const keys = beside?.keys ?? new Set<string>();
    if (keys.has(key)) throw refuse("the key is there twice");
    keys.add(key);
    open = [
      ...open.filter((one) => one.indent < indent),
      { indent, keys, key, hasValue: value !== undefined },
    ];
    const step = steps.at(-1);
    if (inSteps && step !== undefined && value !== undefined) step[key] = value;
  }
  return steps;
}

/** A plain value must not hold what YAML takes for something else. */
function requirePlain(value: string, refuse: (why: string) => Error): void {
  const expression = value.replace(/\$\{\{.*?\}\}/g, "x");
  if (/: |:$| #/.test(expression) || /^[&*!|>%@`"'{\]]/.test(expression)) throw refuse("not a plain value");
}
