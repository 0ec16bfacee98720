/// Bits as words that people read to each other: the English list of BIP 39, 11 bits a word. No two words begin
/// with the same four letters.
public enum WordList {
    static let bitsPerWord = 11
    static let all: [String] = {
        let words = PackageResources.words_txt.split(separator: UInt8(ascii: "\n")).map {
            String(decoding: $0, as: UTF8.self)
        }
        precondition(words.count == 1 << bitsPerWord, "the embedded word list has \(words.count) words")
        return words
    }()
    private static let places = Dictionary(uniqueKeysWithValues: zip(all, 0...))

    /// The first bits of `bytes` as so many words; there must be enough of them.
    static func words(_ bytes: [UInt8], count: Int) -> [String] {
        precondition(bytes.count * 8 >= count * bitsPerWord, "too few bits for \(count) words")
        return (0..<count).map { word in
            let start = word * bitsPerWord
            let index = (start..<start + bitsPerWord).reduce(0) { index, bit in
                index << 1 | Int(bytes[bit / 8] >> (7 - UInt8(bit % 8)) & 1)
            }
            return all[index]
        }
    }

    /// The bits of words, filled up with zeros to whole bytes; nil when one isn't in the list.
    static func bytes(_ words: [String]) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: (words.count * bitsPerWord + 7) / 8)
        for (number, word) in words.enumerated() {
            guard let index = places[word] else { return nil }
            for offset in 0..<bitsPerWord where index >> (bitsPerWord - 1 - offset) & 1 == 1 {
                let bit = number * bitsPerWord + offset
                bytes[bit / 8] |= 1 << (7 - UInt8(bit % 8))
            }
        }
        return bytes
    }

    /// Words as somebody typed them, in small letters, whatever stood between them.
    public static func split(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter }.map(String.init)
    }
}
