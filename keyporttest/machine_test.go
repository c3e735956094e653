package keyporttest_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestTheMachineTellsItsRegion(t *testing.T) {
	const location = "http://169.254.169.254/metadata/instance/compute/location"
	for _, row := range []struct {
		name, method, url string
		header            http.Header
		status            int
		body              string
	}{
		{"as text", http.MethodGet, location + "?format=text&api-version=2021-02-01", http.Header{"Metadata": {"true"}}, 200, "westeurope"},
		{"as JSON", http.MethodGet, location + "?api-version=2021-02-01", http.Header{"Metadata": {"true"}}, 200, `"westeurope"`},
		{"without its header", http.MethodGet, location + "?format=text&api-version=2021-02-01", nil, 400, ""},
		{"through a proxy", http.MethodGet, location + "?format=text&api-version=2021-02-01", http.Header{"Metadata": {"true"}, "X-Forwarded-For": {"10.0.0.1"}}, 400, ""},
		{"without a version", http.MethodGet, location + "?format=text", http.Header{"Metadata": {"true"}}, 400, ""},
		{"something else", http.MethodGet, "http://169.254.169.254/metadata/identity?api-version=1", http.Header{"Metadata": {"true"}}, 404, ""},
		{"another method", http.MethodPost, location + "?format=text&api-version=2021-02-01", http.Header{"Metadata": {"true"}}, 405, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := keyporttest.New(keyporttest.Options{})
			a.SetRegion("westeurope")
			status, body := fetch(t, a, row.method, row.url, row.header)
			if status != row.status || row.body != "" && body != row.body {
				t.Errorf("got %d %q, want %d %q", status, body, row.status, row.body)
			}
			if sent := a.Requests(keyporttest.EndpointInstanceMetadata); len(sent) != 1 {
				t.Errorf("recorded %v", sent)
			}
			a.SetRegion("")
			if status, _ := fetch(t, a, row.method, row.url, row.header); status != 0 {
				t.Errorf("outside Azure: got %d, want no connection", status)
			}
		})
	}
}

// fetch returns status 0 when there was no answer.
func fetch(t *testing.T, a *keyporttest.Authority, method, address string, header http.Header) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header.Clone()
	response, err := a.Client().Do(request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestEnvironment(t *testing.T) {
	e := keyporttest.Environment{"REGION_NAME": "West Europe"}
	if got := e.Getenv("REGION_NAME"); got != "West Europe" {
		t.Errorf("got %q", got)
	}
	if got := keyporttest.Environment(nil).Getenv("REGION_NAME"); got != "" {
		t.Errorf("got %q", got)
	}
}
