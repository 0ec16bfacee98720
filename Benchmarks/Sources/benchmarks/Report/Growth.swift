/// The same figures at growing sizes, for the charts.
struct Growth: Encodable {
    struct Point: Encodable {
        /// What grows: `rows` or `tenants`.
        let axis: String
        let size: Int
        let figures: [Figure]
    }

    let date = Report.now()
    let machine = Machine()
    let points: [Point]

    init(_ points: [Point]) { self.points = points }
}
