package authority

import (
	"context"
	"net/http"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// unknownLife is how long a server is not asked again about an authority that it does
// not know. A tenant that was created just now waits that long too.
const unknownLife = 5 * time.Minute

// unknownAuthority is the answer that there is no such authority.
type unknownAuthority struct {
	why     string
	lasting bool // the server itself has said so, and will for a while
}

// noSuchTenant is the answer of a 4xx. What a gateway or a firewall may have said is not kept.
func noSuchTenant(status int) *unknownAuthority {
	return &unknownAuthority{noTenant, status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone}
}

// What is kept in the HTTP cache of such an answer.
const (
	noTenant   = "tenant"
	noInstance = "instance"
)

// Error implements error.
func (u *unknownAuthority) Error() string { return "unknown " + u.why }

// err is what the caller is told.
func (u *unknownAuthority) err(a domain.Authority) error {
	if u.why == noInstance {
		return &domain.ConfigError{
			Field: "Authority", Problem: "the host " + a.Host() + " is not known to Microsoft (invalid_instance)",
			Remedy: "check its spelling; for a private cloud or your own host name set KnownAuthorities or DisableInstanceDiscovery, for another identity provider use OIDCAuthority",
		}
	}
	return &domain.ConfigError{
		Field: fieldOf(a), Problem: "the server knows no such tenant or issuer: " + a.MetadataURL() + " is not there",
		Remedy: "check the tenant's name or GUID, and that the host is the right cloud",
	}
}

// known returns an error when the server has said not long ago that it does not know
// the authority.
func (r *Resolver) known(ctx context.Context, a domain.Authority) error {
	value, ok := r.stored(ctx, unknownKey(a), unknownLife, 0)
	if why := string(value); ok && (why == noTenant || why == noInstance && !r.trusts(a)) {
		return (&unknownAuthority{why: why}).err(a)
	}
	return nil
}

// unknownKey is where such an answer is kept.
func unknownKey(a domain.Authority) string { return "unknown." + cacheKey(a) }
