import NodeCore
import SyncEngine

/// Enrolments that wait for approval; at the hub.
enum EnrolmentRoutes {
    static let all = [
        Route(
            .get, "/api/v1/enrolments", id: "list_enrolments", tag: "nodes",
            "The enrolments that wait for approval, with the words to compare; at the hub.",
            .tenant(.readNodes, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("enrolments", Shapes.pendingEnrolment)
        ) { call in
            let requests = try EnrolmentApproval.pending(tenant: call.tenant.slug, at: call.installation)
            return .page("enrolments", requests, Shapes.pendingEnrolment, call.page)
        },
        Route(
            .post, "/api/v1/enrolments/{token_id}/approve", id: "approve_enrolment", tag: "nodes",
            "Let a node in by the words that it shows, as its people read them; at the hub.",
            .tenant(.editNodes, .query), parameters: [.tenant],
            body: .json(.object([.init("words", .text(1...255))])),
            content: .json(Shapes.pendingEnrolment.schema)
        ) { call in
            let request = try EnrolmentApproval.approve(
                call.segment("token_id"), words: call.body.required("words"), tenant: call.tenant.slug,
                at: call.installation)
            return Answer(Shapes.pendingEnrolment.json(request))
        },
        Route(
            .post, "/api/v1/enrolments/{token_id}/reject", id: "reject_enrolment", tag: "nodes",
            "Turn a waiting node away; its token is used up; at the hub.",
            .tenant(.editNodes, .query), parameters: [.tenant],
            content: .json(Shapes.pendingEnrolment.schema)
        ) { call in
            let request = try EnrolmentApproval.reject(
                call.segment("token_id"), tenant: call.tenant.slug, at: call.installation)
            return Answer(Shapes.pendingEnrolment.json(request))
        },
    ]
}
