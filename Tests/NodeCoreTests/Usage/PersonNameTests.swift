import TestSupport
import Testing

@testable import NodeCore

@Suite struct PersonNameTests {
    @Test("a name of ASCII alone has the key that it has as part of any other")
    func shortCut() {
        let seed = SeededGenerator.seed(default: 23)
        var random = SeededGenerator(seed: seed)
        let characters = Array(" \t\r\n\u{0}\u{B}\u{7F}-.,'`AZaz09@[_{").map(String.init)
        for _ in 0..<5_000 {
            let name = (0..<random.dice(9)).map { _ in characters[random.dice(characters.count)] }.joined()
            let key = PersonName.matchKey(name)
            // The last letter keeps the other from the short cut.
            let longer = PersonName.matchKey(name + " \u{C9}")
            #expect(longer == (key.isEmpty ? "" : key + " ") + "\u{E9}", "seed \(seed)")
        }
        #expect(PersonName.matchKey(" Mc.Ray-O'Neil,  Ann ") == "mcray oneil ann")
    }
}
