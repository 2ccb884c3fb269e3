/** Tables of a text report: columns of fixed width, so that two reports can be laid side by side. */
import { clip } from './clean-text.js';
import type { Style } from './paint.js';
import { piece, type Piece, type ReportLine } from './report-line.js';

/** One column. The widths of a table's columns add up to the width of the report. */
export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** One cell: its clean text, and how to paint it when not plainly. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** The line of titles. */
export function tableHead(columns: readonly Column[]): ReportLine {
  return columns.map((column, index) => fit(column.title, column, index === 0 ? 'strong' : 'faint'));
}

/** One line of cells. A cell too long for its column is clipped; the last one may fill the rest of the line. */
export function tableRow(columns: readonly Column[], cells: readonly Cell[]): ReportLine {
  return columns.map((column, index) => {
    const cell = cells[index] ?? '';
    return typeof cell === 'string' ? fit(cell, column, 'plain') : fit(cell.text, column, cell.style);
  });
}

function fit(text: string, { width, align }: Column, style: Style): Piece {
  // One column stays free, so that neighbours never touch.
  const clipped = clip(text, width - 1);
  return piece(align === 'left' ? clipped.padEnd(width) : clipped.padStart(width - 1) + ' ', style);
}
