package application

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

const maxClientID = 1024

// check validates what every configuration has and returns the authority.
func (s settings) check() (domain.Authority, error) {
	if err := checkClientID(s.clientID); err != nil {
		return domain.Authority{}, err
	}
	if slices.ContainsFunc(s.excludeScopes, func(e string) bool { return strings.EqualFold(e, domain.ScopeOpenID) }) {
		return domain.Authority{}, &domain.ConfigError{
			Field: "ExcludeScopes", Problem: `has "openid", without which nobody can sign in`, Remedy: "remove it",
		}
	}
	for _, h := range []struct{ field, value string }{{"AppName", s.appName}, {"AppVersion", s.appVersion}} {
		if strings.ContainsFunc(h.value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return domain.Authority{}, &domain.ConfigError{Field: h.field, Problem: "has characters that a header cannot have", Remedy: "use printable ASCII"}
		}
	}
	if s.timeout < 0 {
		return domain.Authority{}, &domain.ConfigError{Field: "Timeout", Problem: "is negative", Remedy: "leave it zero for 30 seconds"}
	}
	if err := s.ports.check(); err != nil {
		return domain.Authority{}, err
	}
	for i, h := range s.knownAuthorities {
		if problem := hostProblem(h); problem != "" {
			return domain.Authority{}, &domain.ConfigError{Field: fmt.Sprintf("KnownAuthorities[%d]", i), Problem: problem, Remedy: hostRemedy}
		}
	}
	if err := s.checkMetadata(); err != nil {
		return domain.Authority{}, err
	}
	if err := checkClouds(s.clouds); err != nil {
		return domain.Authority{}, err
	}
	a, err := s.parseAuthority()
	if err != nil {
		return domain.Authority{}, err
	}
	if region, central, ok := domain.RegionOfHost(a.Host()); ok && a.Kind() == domain.KindEntra {
		return domain.Authority{}, &domain.ConfigError{
			Field: "Authority", Problem: "is at the host of a region, which serves the application's own tokens only",
			Remedy: fmt.Sprintf("use https://%s/%s, and %q for AzureRegion", central, a.Tenant(), region),
		}
	}
	return s.inCloud(a), nil
}

// inCloud places an authority in the cloud that it belongs to by the configuration.
func (s settings) inCloud(a domain.Authority) domain.Authority {
	for _, c := range s.clouds {
		a = a.InCloud(lowerCloud(c))
	}
	return a
}

func lowerCloud(c domain.CloudInfo) domain.CloudInfo {
	return domain.CloudInfo{PreferredNetwork: strings.ToLower(c.PreferredNetwork), Aliases: lowered(c.Aliases)}
}

func checkClouds(clouds []domain.CloudInfo) error {
	owner := map[string]int{}
	for i, c := range clouds {
		for j, host := range append([]string{c.PreferredNetwork}, c.Aliases...) {
			field := fmt.Sprintf("Clouds[%d].PreferredNetwork", i)
			if j > 0 {
				field = fmt.Sprintf("Clouds[%d].Aliases[%d]", i, j-1)
			}
			if problem := hostProblem(host); problem != "" {
				return &domain.ConfigError{Field: field, Problem: problem, Remedy: hostRemedy}
			}
			first, taken := owner[strings.ToLower(host)]
			if taken && first != i {
				return &domain.ConfigError{Field: field, Problem: fmt.Sprintf("is a host of Clouds[%d] too", first), Remedy: "name each host in one cloud"}
			}
			owner[strings.ToLower(host)] = i
		}
	}
	return nil
}

const hostRemedy = `pass the host alone, such as "login.contoso.example"`

// hostProblem says why a text is no host; "" when it is one.
func hostProblem(host string) string {
	a, err := domain.ParseOIDCAuthority("https://" + host)
	if err != nil || a.Host() != strings.ToLower(host) {
		return "is not a host"
	}
	return ""
}

func checkClientID(id string) error {
	bad := func(problem string) error {
		return &domain.ConfigError{Field: "ClientID", Problem: problem, Remedy: "pass the application (client) ID of the app registration"}
	}
	switch {
	case strings.TrimSpace(id) == "":
		return bad("is empty")
	case len(id) > maxClientID:
		return bad(fmt.Sprintf("is longer than %d characters", maxClientID))
	case strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }): // RFC 6749 appendix A.1
		return bad("has control characters or letters outside ASCII")
	case strings.TrimSpace(id) != id:
		return bad("has a space at an end")
	}
	return nil
}

func (s settings) checkMetadata() error {
	if s.metadata == nil {
		return nil
	}
	if s.metadata.TokenEndpoint == "" {
		return &domain.ConfigError{Field: "Metadata.TokenEndpoint", Problem: "is empty", Remedy: "pass the token endpoint's URL, or no Metadata"}
	}
	if s.metadata.Issuer == "" && s.oidcAuthority != "" {
		return &domain.ConfigError{Field: "Metadata.Issuer", Problem: "is empty", Remedy: "pass the issuer: ID tokens name it, and assertions are for it"}
	}
	if field, problem := s.metadata.Check(); problem != "" {
		return &domain.ConfigError{Field: "Metadata", Problem: field + " " + problem, Remedy: "pass https URLs"}
	}
	return nil
}

func (s settings) parseAuthority() (domain.Authority, error) {
	if s.authority != "" && s.oidcAuthority != "" {
		return domain.Authority{}, &domain.ConfigError{
			Field: "Authority", Problem: "is set together with OIDCAuthority",
			Remedy: "set Authority for Microsoft's servers and OIDCAuthority for any other OpenID Connect provider",
		}
	}
	if s.oidcAuthority != "" {
		return domain.ParseOIDCAuthority(s.oidcAuthority)
	}
	if s.authority == "" {
		return domain.ParseAuthority(domain.AuthorityURL(domain.AzurePublic, domain.TenantCommon))
	}
	return domain.ParseAuthority(s.authority)
}
