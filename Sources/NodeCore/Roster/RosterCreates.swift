/// A teacher to make, active in the import's year.
public struct RosterCreate: Sendable, Equatable {
    public let record: RosterRecord
    public let schoolID: String
}

/// The teachers to make, in the order of the file. Kept are 16 bytes a teacher, which say where the record stands and at
/// which school it is; the record is read again when it is asked for.
public struct RosterCreates: RandomAccessCollection, Sendable {
    private struct Place: Sendable {
        let place: Int
        let row: UInt32
        let school: UInt32
    }

    private let records: RosterRecords
    private var places: [Place] = []
    private var schools: [String] = []
    private var numbers: [String: UInt32] = [:]

    init(of records: RosterRecords) { self.records = records }

    mutating func append(place: Int, row: Int, schoolID: String) {
        let school = numbers[schoolID] ?? UInt32(schools.count)
        if school == schools.count {
            numbers[schoolID] = school
            schools.append(schoolID)
        }
        places.append(Place(place: place, row: UInt32(clamping: row), school: school))
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { places.count }

    public subscript(index: Int) -> RosterCreate {
        RosterCreate(record: record(index), schoolID: schools[Int(places[index].school)])
    }

    func row(_ index: Int) -> Int { Int(places[index].row) }

    func record(_ index: Int) -> RosterRecord {
        records.record(at: places[index].place, row: row(index))
    }
}

extension RosterCreates: Equatable {
    public static func == (left: RosterCreates, right: RosterCreates) -> Bool { left.elementsEqual(right) }
}
