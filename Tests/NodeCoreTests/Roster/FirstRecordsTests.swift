import Testing

@testable import NodeCore

@Suite("First records")
struct FirstRecordsTests {
    @Test("an address is found with the number of its record, another one isn't, however many there are")
    func finds() {
        var records = FirstRecords()
        let emails = (0..<20_000).map { "t\($0)@x.org" }
        for (number, email) in emails.enumerated() {
            let before = records.find(email) { emails[$0] == email }
            #expect(before == nil)
            records.insert(email, number: number)
        }
        for (number, email) in emails.enumerated() {
            let found = records.find(email) { emails[$0] == email }
            #expect(found == number)
        }
    }

    @Test("where the bits of two addresses agree, the records decide")
    func collisions() {
        var records = FirstRecords()
        // Twice the same bits: what the caller says about the records tells them apart.
        records.insert("a@x.org", number: 0)
        records.insert("a@x.org", number: 7)
        let later = records.find("a@x.org") { $0 == 7 }
        let first = records.find("a@x.org") { $0 == 0 }
        let other = records.find("a@x.org") { _ in false }
        #expect(later == 7)
        #expect(first == 0)
        #expect(other == nil)
    }
}
