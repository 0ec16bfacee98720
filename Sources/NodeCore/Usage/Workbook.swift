import CXLSXWriter
import Glibc

/// Writes one sheet as an Office Open XML workbook, row by row in bounded memory.
///
/// Texts go in as strings, never as formulas, hyperlinks or numbers.
enum Workbook {
    private static let widths: [Double] = [32, 32, 36, 8, 10]

    /// Throws `STORAGE` or `STORAGE_FULL`; what it has written then is removed.
    static func write(_ sheet: UsageSheet, title: String, to path: String) throws {
        var options = lxw_workbook_options()
        options.constant_memory = 1
        guard let book = workbook_new_opt(path, &options) else {
            throw failure(LXW_ERROR_MEMORY_MALLOC_FAILED)
        }
        // Closing frees the book, whatever happened before.
        let filled = fill(book, sheet, title)
        let closed = workbook_close(book)
        guard let error = [filled, closed].first(where: { $0 != LXW_NO_ERROR }) else { return }
        unlink(path)
        throw failure(error)
    }

    private static func fill(
        _ book: UnsafeMutablePointer<lxw_workbook>, _ sheet: UsageSheet, _ title: String
    ) -> lxw_error {
        guard let page = workbook_add_worksheet(book, title), let bold = workbook_add_format(book) else {
            return LXW_ERROR_MEMORY_MALLOC_FAILED
        }
        format_set_bold(bold)
        for (column, width) in widths.enumerated() {
            let column = lxw_col_t(column)
            let error = worksheet_set_column(page, column, column, width, nil)
            guard error == LXW_NO_ERROR else { return error }
        }
        worksheet_freeze_panes(page, 1, 0)
        worksheet_repeat_rows(page, 0, 0)
        let header = UsageSheet.Line(cells: UsageSheet.header.map { .text($0) }, kind: .total)
        for (row, line) in ([header] + sheet.lines).enumerated() {
            for (column, cell) in line.cells.enumerated() {
                let error = write(
                    cell, to: page, lxw_row_t(row), lxw_col_t(column), line.kind == .total ? bold : nil)
                guard error == LXW_NO_ERROR else { return error }
            }
        }
        return LXW_NO_ERROR
    }

    private static func write(
        _ cell: UsageSheet.Cell, to page: UnsafeMutablePointer<lxw_worksheet>, _ row: lxw_row_t,
        _ column: lxw_col_t, _ format: UnsafeMutablePointer<lxw_format>?
    ) -> lxw_error {
        switch cell {
        case .text(let text): worksheet_write_string(page, row, column, CSVText.harmless(text), format)
        case .number(let number): worksheet_write_number(page, row, column, Double(number), format)
        }
    }

    private static func failure(_ error: lxw_error) -> NodeError {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return NodeError(
            isFull ? .storageFull : .storage,
            "the workbook can't be written: \(String(cString: lxw_strerror(error)))",
            hint: "Check the folder, its permissions and the space on the disk.")
    }
}
