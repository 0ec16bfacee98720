/// Which teacher an address means, and which teachers' addresses records have mentioned.
///
/// An address that several teachers have means one of them, but whoever mentions it mentions them all: so what was
/// mentioned is kept for each address, not for each teacher.
struct RosterAddresses {
    /// The place of each address in `owners` and `mentioned`.
    private var places: [String: Int32] = [:]
    private var owners: [Int32] = []
    private var mentioned: [Bool] = []
    /// The place of each teacher's own address.
    private var own: [Int32] = []

    init(of teachers: [RosterTeacher]) {
        places.reserveCapacity(teachers.count)
        owners.reserveCapacity(teachers.count)
        mentioned.reserveCapacity(teachers.count)
        own.reserveCapacity(teachers.count)
        for (index, teacher) in teachers.enumerated() {
            own.append(add(teacher.email, of: index, teachers))
            for other in teacher.otherEmails { _ = add(other, of: index, teachers) }
        }
    }

    private mutating func add(_ email: String, of index: Int, _ teachers: [RosterTeacher]) -> Int32 {
        let email = NormalForm.email(email)
        if let place = places[email] {
            let owner = teachers[Int(owners[Int(place)])]
            if teachers[index].precedes(owner) { owners[Int(place)] = Int32(index) }
            return place
        }
        let place = Int32(owners.count)
        places[email] = place
        owners.append(Int32(index))
        mentioned.append(false)
        return place
    }

    /// The index of the teacher whom an address in normal form means.
    func teacher(_ email: String) -> Int? { places[email].map { Int(owners[Int($0)]) } }

    mutating func mention(_ email: String) {
        // Only of teachers that are there: a large file mentions many who aren't.
        if let place = places[email] { mentioned[Int(place)] = true }
    }

    /// Whether one of a teacher's addresses was mentioned; `index` is the teacher's.
    func isMentioned(_ teacher: RosterTeacher, at index: Int) -> Bool {
        mentioned[Int(own[index])]
            || teacher.otherEmails.contains { other in
                places[NormalForm.email(other)].map { mentioned[Int($0)] } ?? false
            }
    }
}

extension RosterTeacher {
    /// Of two teachers with one address: whether this one is meant.
    fileprivate func precedes(_ other: RosterTeacher) -> Bool {
        if isActiveInYear != other.isActiveInYear { return isActiveInYear }
        if inYear != other.inYear { return inYear }
        return id.utf8.lexicographicallyPrecedes(other.id.utf8)
    }
}
