import Testing

@testable import NodeCore

@Suite struct WordListTests {
    @Test("the list has 2048 words in order, and four letters tell them apart")
    func list() {
        #expect(WordList.all.count == 2048 && WordList.all == WordList.all.sorted())
        #expect(Set(WordList.all.map { $0.prefix(4) }).count == 2048)
        #expect(WordList.all.first == "abandon" && WordList.all.last == "zoo")
    }

    @Test("words are eleven bits each, first bit first, and give the bits back")
    func bits() {
        #expect(WordList.words([0x00, 0x1F, 0xFC], count: 2) == ["abandon", "zoo"])
        #expect(WordList.words([0xFF, 0xE0, 0x04], count: 2) == ["zoo", "ability"])
        let bytes = (0..<33).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        #expect(WordList.bytes(WordList.words(bytes, count: 24)) == bytes)
        #expect(WordList.bytes(["abandon", "nonsense"]) == nil)
        #expect(WordList.split(" Zoo, ability\n- ABLE ") == ["zoo", "ability", "able"])
    }
}
