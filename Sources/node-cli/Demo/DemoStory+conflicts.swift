import NodeCore

extension DemoStory {
    /// Both sides write to the same things while apart.
    func changeTheSameThings() throws {
        say("4. Apart again, the same things are changed on both sides of each district:")
        for site in [hub] + districts.map(\.node) { site.kill() }
        for one in districts { try changeTheSameThings(one) }
        say("   a name and a grade of one teacher; one teacher deleted here and edited there; the same new")
        say("   teacher added twice; flags at the hub; and the hub tries to take a node's seat: refused")
    }

    private func changeTheSameThings(_ one: DemoDistrict) throws {
        let people = try one.addresses(), schools = try one.schools()
        try one.atHub("teacher", "edit", people[0], "--name", "Named By Hub", "--grade", "7")
        try one.node.run("teacher", "edit", people[0], "--name", "Named By District", "--grade", "8")
        try one.atHub("teacher", "delete", people[1], "--yes")
        try one.node.run("teacher", "edit", people[1], "--name", "Still Teaching")
        for (site, name) in [(nil, "Kim Newman"), (one.node, "Kim A. Newman")] {
            let arguments = [
                "teacher", "add", "--name", name, "--email", "kim.newman@\(one.slug).example", "--school",
                schools[schools.count - 1],
            ]
            _ = try site?.run(arguments) ?? one.hub.run(arguments + ["--tenant", one.slug])
        }
        try one.hub.run("flag", "set", one.slug, "recruitment=on")
        let taken = try one.node.run("seats", "list", "--learner", "L-1")["seats"].list[0]["id"].text
        try one.atHub("seats", "reclaim", "--seat", taken, expecting: 9)
        try one.node.run("seats", "reclaim", "--seat", taken, "--reason", "moved away")
    }

    /// Syncs, shows what rules settled and what waits for a person, and settles it on either side.
    func settle() throws {
        say(
            "5. The hub comes back; the districts sync, and what a rule may not decide is settled by a person"
        )
        try hub.start()
        for (number, one) in districts.enumerated() {
            try one.node.run("sync")
            let settled = try one.node.run("conflicts", "list", "--state", "settled")["conflicts"].list
            let open = try one.node.run("conflicts", "list", "--state", "open")["conflicts"].list
            say("   \(one.name): \(settled.count) settled by rule, \(open.count) open:")
            for conflict in open {
                let values = conflict["siblings"].list.map { "\($0["value"].text) (\($0["node"].text))" }
                say(
                    "     \(conflict["table"].text).\(conflict["column"].text): \(values.joined(separator: " | "))"
                )
            }
            guard !open.isEmpty, !settled.isEmpty else {
                throw NodeError(.internalError, "conflicts of both kinds were expected")
            }
            for conflict in open {
                let id = conflict["id"].text
                _ =
                    number == 1
                    ? try one.atHub("conflicts", "resolve", id, "--take", "1")
                    : try one.node.run("conflicts", "resolve", id, "--take", "1")
            }
            try one.node.run("sync")
            let left = try one.atHub("conflicts", "list", "--state", "open")["conflicts"].list.count
            let again = try one.node.run("sync")
            guard left == 0, again["verdict"].text == "equal", again["round_trips"].number == 1 else {
                throw NodeError(.internalError, "\(one.name) is not at rest: \(left) conflicts open")
            }
            let seats = try one.atHub("seats", "summary")
            say(
                "     all settled at the \(number == 1 ? "hub" : "node") and synced; seats: "
                    + "\(seats["assigned_seats"].number) of \(seats["total_seats"].number) given at the hub's count"
            )
        }
    }
}
