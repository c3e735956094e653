package application

import (
	"context"
	"errors"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// place is which of the hosts of a token endpoint answered.
type place struct {
	endpoint string
	region   domain.RegionDetails
}

// postInRegion posts a request to the region's own host when the grant is one that
// regions serve and the client has a region, and else to the global one. A region's
// host that cannot be reached or fails costs one more request, to the global host, and
// is then left alone for some minutes: see docs/adr/0014-regions.md.
func (c *core) postInRegion(ctx context.Context, r tokenRequest, to tokenendpoint.Request) (tokenendpoint.Response, place, error) {
	at := place{endpoint: to.Endpoint}
	if c.regions == nil || !r.regional {
		got, err := c.postUnlessThrottled(ctx, r, to)
		return got, at, err
	}
	var err error
	if at.region, err = c.regions.Find(ctx); err != nil {
		return tokenendpoint.Response{}, at, err
	}
	regional, ok := r.authority.RegionalEndpoint(to.Endpoint, at.region.Region)
	if at.region.Outcome == domain.RegionUsed && ok {
		got, failed, err := c.postRegional(ctx, r, to, regional, at.region)
		if failed == nil {
			return got, place{regional, at.region}, err
		}
		at.region.Outcome, at.region.Err = domain.RegionFellBack, failed
	}
	got, err := c.postAs(ctx, r, to, at.region)
	return got, at, err
}

// postRegional posts to the region's host, unless that is known to fail. What it failed
// with, now or before, is in failed; the caller then asks the global host.
func (c *core) postRegional(
	ctx context.Context, r tokenRequest, to tokenendpoint.Request, endpoint string, d domain.RegionDetails,
) (got tokenendpoint.Response, failed, err error) {
	patience := c.timeout / 3 // so that a host that hangs leaves time for the other one
	if failed := c.regions.Outage.Since(c.ports.Clock.Now(), patience); failed != nil {
		return got, failed, nil
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	to.Endpoint = endpoint
	got, err = c.postAs(limited, r, to, d)
	var unsent *domain.ThrottledError
	switch {
	case ctx.Err() != nil: // says nothing of the host
	case errors.Is(err, domain.ErrUnavailable):
		c.regions.Outage.Begin(c.ports.Clock.Now(), err)
		c.report(ctx, "reach the region's endpoint: the global one is asked", err)
		return got, err, nil
	case errors.As(err, &unsent): // nor does what was not sent
	default:
		c.regions.Outage.End()
	}
	return got, nil, err
}

// postAs posts and tells the server of the region.
func (c *core) postAs(ctx context.Context, r tokenRequest, to tokenendpoint.Request, d domain.RegionDetails) (tokenendpoint.Response, error) {
	to.Header.Set("x-client-current-telemetry", domain.CurrentTelemetryInRegion(r.api, r.reason, d))
	return c.postUnlessThrottled(ctx, r, to)
}
