/// A believable roster from a seed: the same seed gives the same file.
struct RosterGenerator {
    private static let firstNames = [
        "Maria", "James", "Aisha", "Robert", "Linh", "Patricia", "David", "Guadalupe", "Michael", "Fatima",
        "Jennifer", "Carlos", "Susan", "Kwame", "Karen", "José", "Nancy", "Daniel", "Latoya", "Anthony",
        "Renée", "Mark", "Priya", "Paul", "Donna", "Hannah", "Kevin", "Siobhán", "Brian", "Mei",
    ]
    private static let lastNames = [
        "Smith", "Garcia", "Johnson", "Nguyen", "Williams", "Hernández", "Brown", "O'Connor", "Jones",
        "Patel", "Miller", "Okafor", "Davis", "Lee", "Martinez", "Anderson", "Thomas", "Jackson",
        "Washington", "Müller", "Thompson", "White", "Lopez", "Clark", "Lewis", "Robinson", "Walker",
        "Young", "King", "Hernandez-Ruiz",
    ]
    /// Schools of the district, one for about forty teachers as in life, at most so many.
    static let maxSchools = 200
    /// The NCES id of the district.
    static let district = "2000000"

    private var state: UInt64
    private let schools: Int

    init(seed: UInt64, schools: Int = RosterGenerator.maxSchools) {
        state = seed
        self.schools = schools
    }

    static func school(_ number: Int) -> String { "School \(number + 1)" }

    /// The sheet for `reference import schools`.
    static func schools(_ count: Int = RosterGenerator.maxSchools) -> [UInt8] {
        var text = "nces_school_id,nces_lea_id,school_name\n"
        for number in 0..<count { text += "\(200_000_000_001 + number),\(district),\(school(number))\n" }
        return Array(text.utf8)
    }

    private mutating func pick(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(count))
    }

    /// A roster file of teachers. Addresses carry the teacher's number in the order of the file, which is how
    /// the baselines find that order again. `renaming`: each of so many has another name than in the same
    /// file without it.
    mutating func csv(teachers: Range<Int>, renaming every: Int? = nil) -> [UInt8] {
        var text = "Building,Name,Email,Grade\n"
        for number in teachers {
            let first = Self.firstNames[pick(Self.firstNames.count)]
            let last = Self.lastNames[pick(Self.lastNames.count)]
            let letters = "\(first).\(last)".lowercased().utf8.filter {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: ".")
            }
            let address = "\(String(decoding: letters, as: UTF8.self))\(number)@district.example"
            let name = every.map { number % $0 == 0 } == true ? "\(first) \(last) II" : "\(first) \(last)"
            text += "\(Self.school(pick(schools))),\(name),\(address),\(pick(12) + 1)\n"
        }
        return Array(text.utf8)
    }
}
