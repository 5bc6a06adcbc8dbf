/** Sheets of plain values as an .xlsx file, by @e965/xlsx. Text stays text: nothing in it is ever a formula. */
import { utils, write } from '@e965/xlsx';
import type { WorkbookSheet } from '#core/assessment/portal-workbook.ts';

const WIDTH_MAX = 48;

export function workbookFile(sheets: readonly WorkbookSheet[]): Buffer {
  const book = utils.book_new();
  for (const { name, rows } of sheets) {
    const sheet = utils.aoa_to_sheet(rows.map((row) => [...row]));
    const widest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    sheet['!cols'] = Array.from({ length: widest }, (_, column) => ({
      wch: Math.min(
        WIDTH_MAX,
        rows.slice(0, 100).reduce((most, row) => Math.max(most, String(row[column] ?? '').length + 2), 8),
      ),
    }));
    utils.book_append_sheet(book, sheet, name);
  }
  return write(book, { type: 'buffer', bookType: 'xlsx', compression: true }) as Buffer;
}
