import Foundation
import NodeCore
import TestSupport
import Testing

@Suite("CBOR vectors of RFC 8949 appendix A")
struct CBORVectorTests {
    struct Vector: Decodable {
        let hex: String
        let roundtrip: Bool
        let decoded: JSON?
    }

    /// What the vectors' `decoded` member may hold.
    enum JSON: Decodable {
        case null, bool(Bool), number(Double), text(String), array([JSON]), object([String: JSON])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else if let value = try? container.decode([JSON].self) {
                self = .array(value)
            } else {
                self = .object(try container.decode([String: JSON].self))
            }
        }

        func agrees(with item: CBOR) -> Bool {
            switch (self, item) {
            case (.null, .null): true
            case (.bool(let a), .bool(let b)): a == b
            case (.number(let a), .unsigned(let b)): a == Double(b)
            case (.number(let a), .negative(let b)): a == -1 - Double(b)
            case (.number(let a), .double(let b)): a == b
            case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
            case (.array(let a), .array(let b)):
                a.count == b.count && zip(a, b).allSatisfy { $0.agrees(with: $1) }
            case (.object(let a), .map(let b)):
                a.count == b.entries.count
                    && a.allSatisfy { pair in b[.text(pair.key)].map { pair.value.agrees(with: $0) } ?? false
                    }
            default: false
            }
        }
    }

    @Test("every value of the subset decodes and encodes to the same bytes, others are refused")
    func appendixA() throws {
        let vectors = try Vectors.json("cbor/appendix_a.json", as: [Vector].self)
        var accepted = 0
        var compared = 0
        var refused: [String: Int] = [:]
        for vector in vectors {
            let bytes = try #require([UInt8](hex: vector.hex))
            do {
                let item = try CBOR.decode(bytes)
                #expect(vector.roundtrip, "\(vector.hex) is not deterministic")
                #expect(item.encoded() == bytes, "\(vector.hex)")
                if let decoded = vector.decoded {
                    #expect(decoded.agrees(with: item), "\(vector.hex) is \(item)")
                    compared += 1
                }
                accepted += 1
            } catch {
                refused[name(of: error), default: 0] += 1
                switch error {
                case .unsupportedTag, .unsupported: break
                default: #expect(!vector.roundtrip, "\(vector.hex): \(error)")
                }
            }
        }
        // Tags 0, 1 (2), 2, 3, 23, 24, 32; undefined, simple 16, 24 and 255; 11 indefinite lengths;
        // infinities and NaN in single and double.
        #expect(
            refused == [
                "unsupportedTag": 8, "unsupported": 4, "indefiniteLength": 11, "nonShortestFloat": 6,
            ])
        #expect(accepted == vectors.count - refused.values.reduce(0, +))
        #expect(accepted > 50 && compared > 40)
    }

    private func name(of error: CBORError) -> String {
        String("\(error)".prefix { $0 != "(" })
    }
}
