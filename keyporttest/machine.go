package keyporttest

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Environment = Environment(nil)

// Environment is an environment of these variables, in place of the process's.
type Environment map[string]string

// Getenv implements [ports.Environment].
func (e Environment) Getenv(name string) string { return e[name] }

// machineAddress is where a virtual machine of Azure has its metadata service.
const machineAddress = "169.254.169.254"

func isMachine(u *url.URL) bool { return u.Scheme == "http" && u.Host == machineAddress }

// SetRegion has the program under test run in a region of Azure, which the metadata
// service of its machine tells. Until then, and after SetRegion(""), there is no such
// service: the connection fails.
func (a *Authority) SetRegion(region string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.region = region
}

// instanceMetadata answers as the machine's metadata service, of which it has the
// location alone.
func (a *Authority) instanceMetadata(x *exchange) answer {
	a.mu.Lock()
	region := a.region
	a.mu.Unlock()
	query := x.request.URL.Query()
	switch {
	case region == "":
		return answer{err: errors.New("keyporttest: no route to " + machineAddress)}
	case x.request.Method != http.MethodGet:
		return empty(http.StatusMethodNotAllowed)
	case x.request.Header.Get("Metadata") != "true", x.request.Header.Get("X-Forwarded-For") != "", query.Get("api-version") == "":
		return object(http.StatusBadRequest, map[string]any{"error": "Bad request. Required metadata header or api-version not specified"})
	case x.request.URL.Path != "/metadata/instance/compute/location":
		return object(http.StatusNotFound, map[string]any{"error": "Not found"})
	case query.Get("format") != "text":
		return document(region)
	}
	return text(http.StatusOK, region)
}
