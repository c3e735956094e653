package region

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

const (
	// budget is what the machine's metadata service gets to answer: it is on the machine,
	// and elsewhere nothing is at its address.
	budget = 2 * time.Second
	// absence is how long a machine that did not say where it is is not asked again.
	absence = time.Hour

	location  = "http://169.254.169.254/metadata/instance/compute/location?format=text&api-version=2021-02-01"
	operation = "region detection"
)

// Finder finds the region. It is safe for concurrent use.
type Finder struct {
	authority   domain.Authority
	fixed       domain.RegionDetails // by the configuration; zero when it is to be detected
	environment ports.Environment
	http        *exchange.Client
	clock       ports.Clock
	report      func(operation string, err error)

	flights flight.Group[struct{}, domain.RegionDetails]
	Outage  Outage

	mu    sync.Mutex // guards what follows
	found domain.RegionDetails
	until time.Time // when what was not found is looked for again
}

// New returns a finder for what a configuration says, and nil where it wants no region:
// the name of one, [domain.RegionAutoDetect], or "" for what MSAL_FORCE_REGION says.
// environment may be nil. It sends nothing.
func New(
	setting string, a domain.Authority, environment ports.Environment, c *exchange.Client, clock ports.Clock, report func(string, error),
) (*Finder, error) {
	f := &Finder{authority: a, environment: environment, http: c, clock: clock, report: report}
	field, source := "AzureRegion", domain.RegionFromConfig
	if setting == "" && a.Kind() == domain.KindEntra { // it is not meant for others
		field, source = "environment variable MSAL_FORCE_REGION", domain.RegionFromForce
		setting = f.getenv("MSAL_FORCE_REGION")
	}
	switch setting {
	case "", domain.RegionDisabled:
		return nil, nil
	case domain.RegionAutoDetect:
		if problem, remedy := a.CheckRegion(setting); problem != "" {
			return nil, &domain.ConfigError{Field: field, Problem: problem, Remedy: remedy}
		}
		return f, nil
	}
	name, ok := domain.ParseRegion(setting)
	if !ok {
		return nil, &domain.ConfigError{
			Field: field, Problem: "is not the name of a region: it has other characters than letters and digits, or too many",
			Remedy: `use a name such as "westeurope", or RegionAutoDetect`,
		}
	}
	switch problem, remedy := a.CheckRegion(name); {
	case problem == "":
	case source == domain.RegionFromForce: // it is for all programs of the machine, and this one is for another cloud
		report("use MSAL_FORCE_REGION", errors.New(problem))
		return nil, nil
	default:
		return nil, &domain.ConfigError{Field: field, Problem: problem, Remedy: remedy}
	}
	f.fixed = domain.RegionDetails{Region: name, Source: source, Outcome: domain.RegionUsed}
	return f, nil
}

// Close waits for detection under way.
func (f *Finder) Close(ctx context.Context) error {
	if f == nil {
		return nil
	}
	return f.flights.Close(ctx)
}

// Find returns the region, with the outcome that it has while its host answers. All who
// ask while it is being detected share that. It fails only when ctx ends or the finder
// is closed.
func (f *Finder) Find(ctx context.Context) (domain.RegionDetails, error) {
	if f.fixed.Region != "" {
		return f.fixed, nil
	}
	mark := f.flights.Mark()
	if d, ok := f.remembered(); ok {
		return d, nil
	}
	d, _, err := f.flights.Do(ctx, struct{}{}, mark, flight.Options{Timeout: 2 * budget}, func(ctx context.Context, lookAgain bool) (domain.RegionDetails, error) {
		if d, ok := f.remembered(); lookAgain && ok {
			return d, nil
		}
		d := f.detect(ctx)
		if ctx.Err() == nil {
			f.remember(d)
		}
		return d, ctx.Err()
	})
	return d, err
}

func (f *Finder) remembered() (domain.RegionDetails, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.found, f.found.Region != "" || f.clock.Now().Before(f.until)
}

func (f *Finder) remember(d domain.RegionDetails) {
	if d.Err != nil {
		f.report("detect the region: the global endpoint is asked", d.Err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found, f.until = d, f.clock.Now().Add(absence)
}

// detect asks the environment and then the machine.
func (f *Finder) detect(ctx context.Context) domain.RegionDetails {
	var failed []error
	if text := f.getenv("REGION_NAME"); strings.TrimSpace(text) != "" {
		name, err := f.usable(text)
		if err == nil {
			return domain.RegionDetails{Region: name, Source: domain.RegionFromEnvironment, Outcome: domain.RegionUsed}
		}
		failed = append(failed, fmt.Errorf("environment variable REGION_NAME: %w", err))
	}
	name, err := f.askMachine(ctx)
	if err == nil {
		return domain.RegionDetails{Region: name, Source: domain.RegionFromIMDS, Outcome: domain.RegionUsed}
	}
	return domain.RegionDetails{Outcome: domain.RegionNotDetected, Err: errors.Join(append(failed, err)...)}
}

// askMachine asks Azure's metadata service, which every virtual machine there has.
func (f *Finder) askMachine(ctx context.Context) (string, error) {
	limited, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	answer, err := f.http.Get(limited, operation, location, http.Header{"Metadata": {"true"}})
	if err != nil {
		return "", err
	}
	if answer.Status != http.StatusOK { // whatever the body says
		return "", &domain.ResponseError{Operation: operation, Host: "169.254.169.254", Status: answer.Status, Problem: "names no region"}
	}
	name, err := f.usable(string(answer.Body))
	if err != nil {
		return "", &domain.ResponseError{Operation: operation, Host: "169.254.169.254", Status: answer.Status, Err: err}
	}
	return name, nil
}

// usable returns a detected region if it is one, of the authority's cloud.
func (f *Finder) usable(text string) (string, error) {
	name, ok := domain.ParseRegion(strings.TrimSpace(text))
	if !ok {
		return "", errors.New("is not the name of a region")
	}
	if problem, _ := f.authority.CheckRegion(name); problem != "" {
		return "", errors.New(problem)
	}
	return name, nil
}

func (f *Finder) getenv(name string) string {
	if f.environment == nil {
		return ""
	}
	return f.environment.Getenv(name)
}

// Known returns a finder of what f knows by now, which asks nobody; nil when that is no
// region.
func (f *Finder) Known() *Finder {
	if f == nil {
		return nil
	}
	known := &Finder{authority: f.authority, clock: f.clock, fixed: f.fixed}
	if known.fixed.Region == "" {
		known.fixed, _ = f.remembered()
	}
	if known.fixed.Region == "" {
		return nil
	}
	known.Outage.until, known.Outage.err = f.Outage.state()
	return known
}
