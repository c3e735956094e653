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
		if h == "" || strings.ContainsAny(h, "/@?# ") {
			return domain.Authority{}, &domain.ConfigError{
				Field: fmt.Sprintf("KnownAuthorities[%d]", i), Problem: "is not a host", Remedy: `pass the host alone, such as "login.contoso.example"`,
			}
		}
	}
	if err := s.checkMetadata(); err != nil {
		return domain.Authority{}, err
	}
	return s.parseAuthority()
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
