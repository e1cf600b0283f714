/** Columns that help texts keep to. */
export const HELP_COLUMNS = 100;
