import Foundation

/// Makes a believable roster from a seed: the same seed gives the same file.
struct RosterGenerator {
    private static let firstNames = [
        "Maria", "James", "Aisha", "Robert", "Linh", "Patricia", "David", "Guadalupe", "Michael", "Fatima",
        "Jennifer", "Carlos", "Susan", "Kwame", "Karen", "José", "Nancy", "Daniel", "Latoya", "Anthony",
        "Renée", "Mark", "Priya", "Paul", "Donna", "Hannah", "Kevin", "Siobhán", "Brian", "Mei",
    ]
    private static let lastNames = [
        "Smith", "Garcia", "Johnson", "Nguyen", "Williams", "Hernández", "Brown", "O'Connor", "Jones",
        "Patel",
        "Miller", "Okafor", "Davis", "Lee", "Martinez", "Anderson", "Thomas", "Jackson", "Washington",
        "Müller",
        "Thompson", "White", "Lopez", "Clark", "Lewis", "Robinson", "Walker", "Young", "King",
        "Hernandez-Ruiz",
    ]
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func pick(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(count))
    }

    /// A CSV file of `count` teachers at the named schools.
    mutating func csv(teachers count: Int, schools: [String], domain: String) -> String {
        var text = "Building,Name,Email,Grade\n"
        var used: [String: Int] = [:]
        for _ in 0..<count {
            let first = Self.firstNames[pick(Self.firstNames.count)]
            let last = Self.lastNames[pick(Self.lastNames.count)]
            let base = Self.ascii("\(first).\(last)")
            let number = used[base, default: 0] + 1
            used[base] = number
            let address = number == 1 ? base : "\(base)\(number)"
            let school = schools[pick(schools.count)]
            text += "\"\(school)\",\"\(first) \(last)\",\(address)@\(domain),\(pick(12) + 1)\n"
        }
        return text
    }

    /// Lower-case ASCII letters, dots and hyphens of a name.
    private static func ascii(_ name: String) -> String {
        String(
            name.decomposedStringWithCanonicalMapping.lowercased().unicodeScalars
                .filter { ("a"..."z").contains($0) || $0 == "." || $0 == "-" }
                .map(Character.init))
    }
}
