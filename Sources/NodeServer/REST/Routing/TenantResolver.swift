import NodeCore

/// Finds the tenant that a request is about. What isn't the caller's is not found, never forbidden.
struct TenantResolver: Sendable {
    let installation: Installation

    /// Throws the record's own `…_NOT_FOUND`, `TENANT_NOT_FOUND`, and `RequestProblem` when the tenant has
    /// to be named.
    func tenant(
        _ source: TenantSource, for principal: Principal, path: [String: String], query: [String: String],
        body: Fields
    ) throws -> OpenTenant {
        switch source {
        case .path(let name, let kind): return try tenant(of: path[name] ?? "", kind, principal)
        case .body(let members):
            for member in members {
                if let id = body.text(member.name) { return try tenant(of: id, member.kind, principal) }
            }
            return try named(query["tenantId"], principal)
        case .query: return try named(query["tenantId"], principal)
        }
    }

    /// The tenant that holds a record. Only ids whose last bits fit more than one tenant are looked up.
    private func tenant(of id: String, _ kind: RecordKind, _ principal: Principal) throws -> OpenTenant {
        let slugs = try installation.slugs(withRecord: id).filter { isVisible($0, to: principal) }
        for slug in slugs {
            let open = try installation.tenant(slug)
            if kind == .district || kind == .tenant {
                if NormalForm.same(open.id.description, id) { return open }
            } else if try slugs.count == 1
                || open.store.readBeside({ try $0.shown(kind.table, id: id) != nil })
            {
                return open
            }
        }
        throw kind.notFound
    }

    private func named(_ text: String?, _ principal: Principal) throws -> OpenTenant {
        guard let text else { return try only(principal) }
        if try installation.slugs().contains(text), isVisible(text, to: principal) {
            return try installation.tenant(text)
        }
        for slug in try installation.slugs(withRecord: text) where isVisible(slug, to: principal) {
            let open = try installation.tenant(slug)
            if try open.store.readBeside({ try $0.shown(Schema.tenant, id: text) != nil }) { return open }
        }
        throw NodeError(
            .tenantNotFound, "there is no such tenant here", hint: "GET /api/v1/tenants lists them.")
    }

    /// The one that is meant without being named.
    private func only(_ principal: Principal) throws -> OpenTenant {
        if case .member(_, let slug) = principal.kind { return try installation.tenant(slug) }
        if let slug = principal.support?.tenant { return try installation.tenant(slug) }
        let slugs = try installation.slugs()
        guard slugs.count <= 1 else {
            throw RequestProblem(
                NodeError(.validation, "there are several tenants", hint: "Name one with tenantId."),
                [FieldProblem(field: "tenantId", message: "is missing", kind: .shape)])
        }
        return try installation.tenant(slugs.first)
    }

    private func isVisible(_ slug: String, to principal: Principal) -> Bool {
        guard case .member(_, let own) = principal.kind else { return true }
        return own == slug
    }
}
