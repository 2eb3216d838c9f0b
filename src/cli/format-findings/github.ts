import type { Finding } from "../../core/finding.js";

/**
 * Findings as GitHub Actions' workflow commands, which annotate the lines of a pull request.
 *
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 * @example
 * // ::error file=schema/documents.ts,line=12,col=3,title=rls-not-enabled documents::row security is off%0Afix: …
 */
export function formatFindingsGithub(findings: readonly Finding[]): string {
  return findings
    .map((finding) => {
      const properties: readonly (readonly [string, string | number | undefined])[] = [
        ["file", finding.file],
        ["line", finding.line],
        ["col", finding.column],
        ["title", `${finding.rule} ${finding.subject}`],
      ];
      const given = properties.flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`],
      );
      return `::${finding.level} ${given.join(",")}::${escapeData(`${finding.detail}\nfix: ${finding.fix}`)}`;
    })
    .join("\n");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
