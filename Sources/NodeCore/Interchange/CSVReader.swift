// CSV after RFC 4180, pulled record by record from bytes that are already UTF-8.
//
// Accepted beyond the RFC: semicolon and tab as delimiters, LF and CR as line ends, records of any
// number of cells. A quote has a meaning only as the first byte of a cell; elsewhere it is text.
// Text after a closing quote is kept, appended to the cell, and the record is marked `malformed`, so
// that a caller can refuse the row and still report what stands in it. Blanks there are no fault.
// An empty line is a record of one empty cell; a line end at the end of the file begins no record.
//
// One pass, no backtracking; a record holds at most 1 MiB of raw bytes.

/// The delimiters that a file may use.
public enum CSVDelimiter: UInt8, Sendable, CaseIterable {
    case comma = 0x2C
    case semicolon = 0x3B
    case tab = 0x09
}

/// One record of a CSV file.
public struct CSVRecord: Sendable, Equatable {
    /// The cells as written, unquoted, never fewer than one.
    public let fields: [String]
    /// The physical line on which the record begins, from 1.
    public let line: Int
    /// The record's number as a spreadsheet shows it: the first is 1, blank ones count.
    public let number: Int
    /// Whether text follows a closing quote in one of the cells.
    public let malformed: Bool
}

/// Why a CSV file can't be read on, and where.
public struct CSVError: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// A quote isn't closed before the end of the file.
        case unterminatedQuote
        /// A record is larger than `CSVReader.maxRecordBytes`.
        case recordTooLarge
    }
    public let kind: Kind
    /// The physical line where the quote opened or the record began, from 1.
    public let line: Int
    /// The number of the record, as in `CSVRecord.number`.
    public let record: Int
    /// The place of that quote or record in the bytes, from 0.
    public let byteOffset: Int
}

/// Pulls records out of CSV bytes.
public struct CSVReader: Sendable {
    /// The most raw bytes in one record, and so in one cell.
    public static let maxRecordBytes = 1 << 20

    public let delimiter: CSVDelimiter
    private let bytes: [UInt8]
    /// How many bytes have been read.
    public private(set) var position = 0
    private var line = 1
    private var number = 0
    /// Where the last record begins.
    public private(set) var recordStart = 0
    /// How many cells the last record had, within reason: the next one has as many.
    private var width = 0

    private static let quote: UInt8 = 0x22
    private static let lineFeed: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D

    /// `bytes` is UTF-8 without a byte order mark; without a `delimiter` the header decides.
    public init(_ bytes: [UInt8], delimiter: CSVDelimiter? = nil) {
        self.bytes = bytes
        self.delimiter = delimiter ?? Self.sniff(bytes)
    }

    /// The next record, or nil at the end of the file. After an error the reader is spent.
    public mutating func next() throws(CSVError) -> CSVRecord? {
        guard position < bytes.count else { return nil }
        number += 1
        recordStart = position
        let firstLine = line
        var fields: [String] = []
        fields.reserveCapacity(width)
        var malformed = false
        var ended = false
        while !ended {
            if position < bytes.count, bytes[position] == Self.quote {
                fields.append(try quotedCell(firstLine: firstLine, malformed: &malformed))
            } else {
                let start = position
                try skipToCellEnd(firstLine: firstLine)
                fields.append(text(start..<position))
            }
            ended = passCellEnd()
        }
        width = min(fields.count, 64)
        return CSVRecord(fields: fields, line: firstLine, number: number, malformed: malformed)
    }

    /// Goes back to a record that was read, by where it begins and its number. The lines that errors name are
    /// counted on from where they were.
    mutating func goBack(to start: Int, number: Int) {
        position = start
        self.number = number - 1
    }

    private func text(_ range: Range<Int>) -> String {
        bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self)
        }
    }

    private mutating func quotedCell(
        firstLine: Int, malformed: inout Bool
    ) throws(CSVError) -> String {
        let opening = CSVError(
            kind: .unterminatedQuote, line: line, record: number, byteOffset: position)
        var cell: [UInt8] = []
        position += 1
        while true {
            guard position < bytes.count else { throw opening }
            guard position - recordStart < Self.maxRecordBytes else {
                defer { position = bytes.count }
                throw closesLater()
                    ? CSVError(
                        kind: .recordTooLarge, line: firstLine, record: number, byteOffset: recordStart)
                    : opening
            }
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard position < bytes.count, bytes[position] == Self.quote else { break }
                position += 1
            } else if byte == Self.lineFeed || (byte == Self.carriageReturn && !isLineFeed(position)) {
                line += 1
            }
            cell.append(byte)
        }
        let tail = position
        try skipToCellEnd(firstLine: firstLine)
        if bytes[tail..<position].contains(where: { $0 != 0x20 && $0 != 0x09 }) { malformed = true }
        cell.append(contentsOf: bytes[tail..<position])
        return String(decoding: cell, as: UTF8.self)
    }

    /// Whether a quoted cell that is read up to here is closed further on. The next quote that isn't written
    /// twice tells: the cell ends behind it, or else it opens another cell and this one was never closed.
    private func closesLater() -> Bool {
        var index = position
        while let quote = bytes[index...].firstIndex(of: Self.quote) {
            index = quote + 1
            if index < bytes.count, bytes[index] == Self.quote {
                index += 1
                continue
            }
            guard let next = bytes[index...].first(where: { $0 != 0x20 }) else { return true }
            return [delimiter.rawValue, Self.lineFeed, Self.carriageReturn].contains(next)
        }
        return false
    }

    private mutating func skipToCellEnd(firstLine: Int) throws(CSVError) {
        let start = position, delimiter = delimiter.rawValue
        position = bytes.withUnsafeBufferPointer { bytes in
            var end = start
            while end < bytes.count {
                let byte = bytes[end]
                if byte == delimiter || byte == Self.lineFeed || byte == Self.carriageReturn { break }
                end += 1
            }
            return end
        }
        guard position - recordStart <= Self.maxRecordBytes else {
            position = bytes.count
            throw CSVError(
                kind: .recordTooLarge, line: firstLine, record: number, byteOffset: recordStart)
        }
    }

    /// Passes a delimiter (false) or the end of the record (true).
    private mutating func passCellEnd() -> Bool {
        guard position < bytes.count else { return true }
        let byte = bytes[position]
        position += 1
        if byte == delimiter.rawValue { return false }
        if byte == Self.carriageReturn, isLineFeed(position) { position += 1 }
        line += 1
        return true
    }

    private func isLineFeed(_ index: Int) -> Bool {
        index < bytes.count && bytes[index] == Self.lineFeed
    }

    /// The delimiter that occurs most often in the first record that isn't blank, outside quotes;
    /// comma before semicolon before tab when they are level.
    public static func sniff(_ bytes: [UInt8]) -> CSVDelimiter {
        var counts: [UInt8: Int] = [:]
        var quoted = false
        var hasText = false
        for byte in bytes.prefix(maxRecordBytes) {
            if byte == quote {
                quoted.toggle()
            } else if quoted {
                if byte != 0x20, byte != lineFeed, byte != carriageReturn { hasText = true }
            } else if byte == lineFeed || byte == carriageReturn {
                if hasText { break }
                counts = [:]
            } else if CSVDelimiter(rawValue: byte) != nil {
                counts[byte, default: 0] += 1
            } else if byte != 0x20 {
                hasText = true
            }
        }
        var best = CSVDelimiter.comma
        for candidate in CSVDelimiter.allCases
        where counts[candidate.rawValue, default: 0] > counts[best.rawValue, default: 0] {
            best = candidate
        }
        return best
    }
}
