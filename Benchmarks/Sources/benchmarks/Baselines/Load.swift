import CBaselines
import Glibc

/// Many HTTP clients of one server on this machine, on one thread.
struct Load {
    struct Answer {
        /// HTTP; 0 for none.
        let status: Int
        /// Answers 429 and broken connections before it.
        let busy: Int
        let broken: Int
        /// A try passed the deadline.
        let isLate: Bool
        /// First tried and answered, seconds since the run began.
        let began: Double
        let ended: Double
        /// Seconds of the last and of the slowest try.
        let took: Double
        let slowest: Double
        let body: [UInt8]
    }

    struct Outcome {
        /// One a request, in the order of the clients.
        let answers: [Answer]
        /// When the run began, as `monotonic_seconds` counts.
        let start: Double
        let seconds: Double
    }

    /// Clients that talk at once.
    var connections: Int
    /// Seconds that a request may take, as targets have it.
    var deadline = 30.0
    /// After a 429 clients wait as nodes do (`SyncSchedule`): two seconds, then twice as long each time.
    var firstPause = 2.0
    var longestPause = 300.0
    /// Seconds after which the run is given up.
    var limit = 900.0
    var keepsBodies = false
    /// The run also ends when this descriptor can be read.
    var until: Int32?

    private static let maxBody: Int64 = 16 << 20

    /// Each client sends its requests one after the other.
    func run(_ clients: [[[UInt8]]], port: Int) throws -> Outcome {
        let requests = clients.flatMap { $0 }, bytes = requests.flatMap { $0 }
        let counts = clients.map { Int32($0.count) }
        var answers = [load_answer](repeating: load_answer(), count: requests.count)
        var plan = load_plan()
        plan.port = Int32(port)
        plan.connections = Int32(connections)
        (plan.deadline, plan.limit) = (deadline, limit)
        (plan.first_pause, plan.longest_pause) = (firstPause, longestPause)
        plan.max_body = Self.maxBody
        plan.keeps_bodies = keepsBodies ? 1 : 0
        plan.until = until ?? -1
        var start = 0.0, seconds = 0.0
        try bytes.withUnsafeBufferPointer { bytes in
            var offset = 0
            let list = requests.map { request in
                defer { offset += request.count }
                return load_request(
                    bytes: bytes.baseAddress.map { $0 + offset }, count: Int64(request.count))
            }
            try Baseline.check(load_run(&plan, list, counts, Int32(counts.count), &answers, &start, &seconds))
        }
        return Outcome(answers: answers.map(Self.taken), start: start, seconds: seconds)
    }

    /// Takes an answer over, and frees what belongs to it.
    private static func taken(_ answer: load_answer) -> Answer {
        defer { free(answer.body) }
        return Answer(
            status: Int(answer.status), busy: Int(answer.busy), broken: Int(answer.broken),
            isLate: answer.late != 0, began: answer.began, ended: answer.ended, took: answer.took,
            slowest: answer.slowest,
            body: Array(UnsafeBufferPointer(start: answer.body, count: Int(answer.body_count))))
    }
}
