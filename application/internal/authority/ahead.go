package authority

import (
	"context"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// Step is a request that Resolve would send.
type Step struct{ Operation, URL string }

// Ahead returns what Resolve would return without a request, or else the requests that
// it would send. It sends none.
func (r *Resolver) Ahead(ctx context.Context, a domain.Authority) (domain.ServerMetadata, []Step) {
	switch {
	case r.options.Static != nil && a == r.options.Authority:
		return *r.options.Static, nil
	case a.IsKnownCloud():
		m, _ := a.KnownMetadata()
		return m, nil
	}
	if m, ok := r.cached(ctx, a, false); ok {
		return m, nil
	}
	steps := []Step{{metadata, a.MetadataURL()}}
	if a.Kind() == domain.KindEntra && !r.trusts(a) {
		steps = slices.Insert(steps, 0, Step{instances, "https://" + string(domain.AzurePublic) + "/common/discovery/instance"})
	}
	return domain.ServerMetadata{}, steps
}
