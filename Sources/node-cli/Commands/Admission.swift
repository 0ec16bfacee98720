import NodeCore

/// A tenant that somebody may work with.
struct Admission {
    let installation: Installation
    let tenant: OpenTenant
    let principal: Principal
    var actor: Actor { principal.actor }
}

extension CommandContext {
    /// The tenant that a command means, for the operator or for the person of `--as`. A command that names no
    /// permission is the operator's alone.
    func tenant(
        _ option: TenantOption, named slug: String? = nil, to permission: Permission = .operate
    ) throws -> (installation: Installation, tenant: OpenTenant, actor: Actor) {
        let admission = try admit(option, named: slug, to: permission)
        return (admission.installation, admission.tenant, admission.actor)
    }

    /// The same with who it is. `slug`: the tenant where it is an argument. One of PrepKC's staff works in the
    /// tenant of the open support session where none is named. Throws `FORBIDDEN` and what else stands in the way.
    func admit(_ option: TenantOption, named slug: String? = nil, to permission: Permission) throws
        -> Admission
    {
        let installation = try installation()
        let slug = slug ?? option.tenant
        guard let person = option.person else {
            return Admission(
                installation: installation, tenant: try installation.tenant(slug),
                principal: `operator`(installation))
        }
        let open = try installation.tenant(slug ?? installation.supportedTenant(of: person))
        let principal = try installation.principal(as: person, in: open)
        let gate = AccessGate(installation, leaseDays: configuration.leaseDays)
        try gate.admit(principal, to: permission, of: open)
        if let support = principal.support, support.tenant == open.slug {
            output.message(
                "Support access to \(open.slug) until \(time(support.until, of: open.slug, at: installation))."
            )
        }
        return Admission(installation: installation, tenant: open, principal: principal)
    }

    /// Who works on what concerns no single tenant: the operator, or one of the staff with the right to it.
    func staff(_ option: ActingOption, to permission: Permission) throws -> (Installation, Principal) {
        let installation = try installation()
        guard let person = option.person else { return (installation, `operator`(installation)) }
        let principal = try installation.principal(as: person, in: nil)
        try principal.require(permission)
        return (installation, principal)
    }

    /// The operator at this machine.
    func `operator`(_ installation: Installation) -> Principal {
        Principal(id: actor(installation).id, kind: .operator, via: "local")
    }
}
