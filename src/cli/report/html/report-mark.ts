/** By this a page is known as one of our reports; a file without it is not replaced. */
export const REPORT_MARK = '<meta name="generator" content="tenantry report">';
