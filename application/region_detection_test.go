package application_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestWhichRegion: what the configuration, the environment and the machine say, and
// what comes of it.
func TestWhichRegion(t *testing.T) {
	const auto = domain.RegionAutoDetect
	force, name := "MSAL_FORCE_REGION", "REGION_NAME"
	used := func(s domain.RegionSource) domain.RegionDetails {
		return domain.RegionDetails{Region: "westeurope", Source: s, Outcome: domain.RegionUsed}
	}
	none := domain.RegionDetails{Outcome: domain.RegionNotDetected}
	for _, row := range []struct {
		name, setting string
		variables     keyporttest.Environment
		machine       string // the region that its service tells
		want          domain.RegionDetails
		hosts         string
		err           string // in Err of the details
	}{
		{"none", "", nil, "westeurope", domain.RegionDetails{}, globalHost, ""},
		{"none, and REGION_NAME", "", keyporttest.Environment{name: "westeurope"}, "", domain.RegionDetails{}, globalHost, ""},
		{"by name", "westeurope", keyporttest.Environment{name: "eastus", force: "eastus"}, "eastus", used(domain.RegionFromConfig), regionHost, ""},
		{"by the name that people use", "West Europe", nil, "", used(domain.RegionFromConfig), regionHost, ""},
		{"forced", "", keyporttest.Environment{force: "westeurope"}, "eastus", used(domain.RegionFromForce), regionHost, ""},
		{"forced to another cloud's", "", keyporttest.Environment{force: "chinaeast"}, "", domain.RegionDetails{}, globalHost, ""},
		{"forced to detect", "", keyporttest.Environment{force: auto, name: "West Europe"}, "", used(domain.RegionFromEnvironment), regionHost, ""},
		{"disabled", domain.RegionDisabled, keyporttest.Environment{force: "westeurope"}, "westeurope", domain.RegionDetails{}, globalHost, ""},
		{"REGION_NAME", auto, keyporttest.Environment{name: "West Europe", force: "eastus"}, "eastus", used(domain.RegionFromEnvironment), regionHost, ""},
		{"the machine", auto, nil, "westeurope", used(domain.RegionFromIMDS), machineHost + " " + regionHost, ""},
		{"the machine, and a line break", auto, nil, " WestEurope\n", used(domain.RegionFromIMDS), machineHost + " " + regionHost, ""},
		{"REGION_NAME is blank", auto, keyporttest.Environment{name: "  "}, "westeurope", used(domain.RegionFromIMDS), machineHost + " " + regionHost, ""},
		{"REGION_NAME is no region", auto, keyporttest.Environment{name: "evil.example/"}, "westeurope", used(domain.RegionFromIMDS), machineHost + " " + regionHost, ""},
		{"REGION_NAME is another cloud's", auto, keyporttest.Environment{name: "usgovvirginia"}, "", none, machineHost + " " + globalHost, "login.microsoftonline.us"},
		{"the machine says no region", auto, nil, "evil.example/", none, machineHost + " " + globalHost, "not the name of a region"},
		{"the machine is in another cloud", auto, nil, "chinaeast2", none, machineHost + " " + globalHost, "login.partner.microsoftonline.cn"},
		{"REGION_NAME is blank, and no machine of Azure", auto, keyporttest.Environment{name: "  "}, "", none, machineHost + " " + globalHost, "no route"},
		{"there is no machine of Azure", auto, nil, "", none, machineHost + " " + globalHost, "no route"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
				c.AzureRegion, c.Ports.Environment = row.setting, row.variables
				a.SetRegion(row.machine)
			})
			got := r.token(1).Metadata.Region
			if (got.Err == nil) != (row.err == "") || got.Err != nil && !strings.Contains(got.Err.Error(), row.err) {
				t.Errorf("reason %v, want %q", got.Err, row.err)
			}
			if blamed, set := got.Err != nil && strings.Contains(got.Err.Error(), name), strings.TrimSpace(row.variables[name]) != ""; blamed && !set {
				t.Errorf("reason %v, and the variable is not set", got.Err)
			}
			if got.Err = nil; got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
			if hosts := r.hosts(); hosts != row.hosts {
				t.Errorf("asked %s, want %s", hosts, row.hosts)
			}
			if r.token(2); strings.Contains(r.hosts(), machineHost) {
				t.Error("the machine was asked again")
			}
		})
	}
}

func TestWithoutAnEnvironmentThereAreNoVariables(t *testing.T) {
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.AzureRegion, c.Ports.Environment = domain.RegionAutoDetect, nil
	})
	if got := r.token(1).Metadata.Region.Outcome; got != domain.RegionNotDetected {
		t.Errorf("got %v", got)
	}
}

func TestWhatTheMachineSaysCountsOnlyWithStatus200(t *testing.T) {
	for _, status := range []int{302, 400, 404, 410, 429, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
				c.AzureRegion = domain.RegionAutoDetect
				a.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointInstanceMetadata, Status: status, Body: "westeurope", Header: http.Header{"Location": {"http://elsewhere.example/"}}})
			})
			if got := r.token(1).Metadata.Region.Outcome; got != domain.RegionNotDetected {
				t.Errorf("got %v", got)
			}
			if got := r.hosts(); got != machineHost+" "+globalHost {
				t.Errorf("asked %s", got)
			}
		})
	}
}

func TestAMachineThatSaysNothingIsAskedAgainAfterAnHour(t *testing.T) {
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.AzureRegion = domain.RegionAutoDetect
	})
	r.token(1)
	r.SetRegion("westeurope")
	r.Clock().Advance(time.Hour - time.Second)
	if r.hosts(); r.token(2).Metadata.Region.Outcome != domain.RegionNotDetected || r.hosts() != globalHost {
		t.Error("asked again too soon")
	}
	r.Clock().Advance(time.Second)
	if got := r.token(3).Metadata.Region; got.Outcome != domain.RegionUsed || r.hosts() != machineHost+" "+regionHost {
		t.Errorf("not asked again: %+v", got)
	}
	r.SetRegion("eastus") // no machine moves
	r.Clock().Advance(1000 * time.Hour)
	if got := r.token(4).Metadata.Region.Region; got != "westeurope" {
		t.Errorf("now in %s", got)
	}
}

func TestAMachineThatHangsHasTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
			c.AzureRegion = domain.RegionAutoDetect
			a.Hold(keyporttest.EndpointInstanceMetadata)
		})
		began := time.Now() // in the bubble
		if got := r.token(1).Metadata.Region; got.Outcome != domain.RegionNotDetected || !errors.Is(got.Err, domain.ErrUnavailable) {
			t.Errorf("got %+v", got)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v, want 2s", took)
		}
	})
}

func TestAllShareOneDetection(t *testing.T) {
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
		c.AzureRegion = domain.RegionAutoDetect
		a.SetRegion("westeurope")
	})
	hold := r.Hold(keyporttest.EndpointInstanceMetadata)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			if got, err := r.tryToken(n); err != nil || got.Metadata.Region.Outcome != domain.RegionUsed {
				t.Errorf("%+v, %v", got.Metadata.Region, err)
			}
		})
	}
	if err := hold.WaitFor(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	hold.Release()
	all.Wait()
	if n := len(r.Requests(keyporttest.EndpointInstanceMetadata)); n != 1 {
		t.Errorf("the machine was asked %d times", n)
	}
}

func TestTheOperatorIsToldOnceThatThereIsNoRegion(t *testing.T) {
	var log strings.Builder
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.AzureRegion, c.Logger = domain.RegionAutoDetect, slog.New(slog.NewTextHandler(&log, nil))
	})
	r.token(1)
	r.token(2)
	if strings.Count(log.String(), "could not detect the region") != 1 || !strings.Contains(log.String(), machineHost) {
		t.Errorf("log: %s", log.String())
	}
}

// stubborn does not heed the context of a request to the machine.
type stubborn struct {
	release chan struct{}
	next    *http.Client
}

func (s stubborn) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host == machineHost {
		<-s.release
	}
	return s.next.Do(r)
}

func TestCloseWaitsForDetection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := stubborn{release: make(chan struct{})}
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
			machine.next = a.Client()
			c.AzureRegion, c.Ports.HTTPClient = domain.RegionAutoDetect, machine
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.client.AcquireTokenForClient(ctx, application.ClientCredentialsRequest{Scopes: []string{graph}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		closed := make(chan error, 1)
		go func() { closed <- r.client.Close(t.Context()) }()
		synctest.Wait()
		if len(closed) > 0 {
			t.Error("closed while the machine is being asked")
		}
		close(machine.release)
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

func TestCloseEndsDetection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
			c.AzureRegion = domain.RegionAutoDetect
			a.Hold(keyporttest.EndpointInstanceMetadata)
		})
		go func() { _, _ = r.tryToken(1) }()
		synctest.Wait()
		if err := r.client.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(r.Requests(keyporttest.EndpointInstanceMetadata)); n != 1 {
			t.Errorf("the machine was asked %d times", n)
		}
		synctest.Wait() // nothing may be left that runs
	})
}
