import Foundation

/// How names of people are compared (CONTRACT 4, Usage): case and blanks folded, a hyphen is a blank, full
/// stops, commas and apostrophes are dropped.
public enum PersonName {
    /// The key under which names are compared on one installation; never stored, never part of an id.
    public static func matchKey(_ raw: String) -> String {
        ofASCII(raw) ?? punctuation(NormalForm.matchKey(raw))
    }

    /// The key of a text that is ASCII alone, in one pass; nil for another.
    private static func ofASCII(_ raw: String) -> String? {
        raw.withBytes { utf8 in
            guard utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
            return String(unsafeUninitializedCapacity: utf8.count) { key in
                var count = 0
                var pendingBlank = false
                for byte in utf8 {
                    switch byte {
                    case 0x09, 0x0A, 0x0D, 0x20, 0x2D: pendingBlank = count > 0
                    case 0x2E, 0x2C, 0x27, 0x60: continue
                    default:
                        if pendingBlank {
                            key[count] = 0x20
                            count += 1
                            pendingBlank = false
                        }
                        key[count] = 0x41...0x5A ~= byte ? byte | 0x20 : byte
                        count += 1
                    }
                }
                return count
            }
        }
    }

    /// The same with A–Z lower-cased alone, frozen as normal form v1 is: part of derived ids.
    static func idKey(_ raw: String) -> String { punctuation(NormalForm.email(raw)) }

    private static func punctuation(_ text: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x2D, 0x2010...0x2015, 0x2212: folded.append(" ")
            case 0x2E, 0x2C, 0x27, 0x60, 0xB4, 0x2BC, 0x2018, 0x2019: continue
            default: folded.append(scalar)
            }
        }
        return NormalForm.text(String(folded))
    }
}
