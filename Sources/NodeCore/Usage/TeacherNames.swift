/// Teachers, by number, who share a name or an address. Nearly always it is one, for whom nothing is allocated.
enum Namesakes: Sendable {
    case one(Int)
    case several([Int])

    init() { self = .several([]) }
    init(_ number: Int) { self = .one(number) }

    var isEmpty: Bool { count == 0 }

    var count: Int {
        switch self {
        case .one: 1
        case .several(let all): all.count
        }
    }

    /// In the order in which they were added.
    var all: [Int] {
        switch self {
        case .one(let number): [number]
        case .several(let all): all
        }
    }

    /// The only one there is.
    var only: Int? {
        switch self {
        case .one(let number): number
        case .several: nil
        }
    }

    mutating func add(_ number: Int) {
        switch self {
        case .one(let first): self = .several([first, number])
        case .several(let all) where all.isEmpty: self = .one(number)
        case .several(var all):
            // Given back before it grows, so that it isn't copied.
            self = .one(number)
            all.append(number)
            self = .several(all)
        }
    }
}

/// Teachers, by number, by their names of now and before. Names that are written alike are folded once: that costs
/// more than finding them.
struct TeacherNames: Sendable {
    /// The most teachers who are offered for a name that nobody has.
    private static let maxSimilar = 5

    /// By `PersonName.matchKey`: a place in `teachers`.
    private var places: [String: Int] = [:]
    private var teachers: [Namesakes] = []
    /// The places of names by what similar ones share with them.
    private var near: [String: [Int]] = [:]

    /// `suggesting`: whether `similar` will be asked.
    init(_ persons: [MatchableTeacher], suggesting: Bool) {
        var written = TextNumbers()
        /// By a name's number as it is written; nil for one of which nothing is left.
        var known: [Int?] = []
        func place(_ name: String) -> Int? {
            let number = written.number(name)
            if number == known.count { known.append(newPlace(PersonName.matchKey(name), suggesting)) }
            return known[number]
        }
        for (number, person) in persons.enumerated() {
            if person.otherNames.isEmpty {
                if let place = place(person.name) { teachers[place].add(number) }
            } else {
                for place in Set(([person.name] + person.otherNames).compactMap(place)) {
                    teachers[place].add(number)
                }
            }
        }
    }

    private mutating func newPlace(_ key: String, _ suggesting: Bool) -> Int? {
        guard !key.isEmpty else { return nil }
        if let place = places[key] { return place }
        let place = teachers.count
        places[key] = place
        teachers.append(Namesakes())
        if suggesting { for word in Self.nearKeys(key) { near[word, default: []].append(place) } }
        return place
    }

    /// Everybody with a name.
    func teachers(named name: String) -> Namesakes {
        places[PersonName.matchKey(name)].map { teachers[$0] } ?? Namesakes()
    }

    /// Teachers with the same words in another order, or with the same last word and first letter; at most 5.
    func similar(to name: String) -> [Int] {
        var found: [Int] = []
        for key in Self.nearKeys(PersonName.matchKey(name)) {
            // Those who were found for the key before may be among them.
            let all = (near[key] ?? []).flatMap { teachers[$0].all.prefix(2 * Self.maxSimilar) }.sorted()
            for teacher in all where found.count < Self.maxSimilar && !found.contains(teacher) {
                found.append(teacher)
            }
        }
        return found
    }

    private static func nearKeys(_ key: String) -> [String] {
        let words = key.split(separator: " ")
        guard words.count > 1, let initial = words[0].unicodeScalars.first, let last = words.last else {
            return key.isEmpty ? [] : [key]
        }
        return [words.sorted().joined(separator: " "), "\(initial) … \(last)"]
    }
}
