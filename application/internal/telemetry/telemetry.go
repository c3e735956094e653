package telemetry

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/seed57855a68/keyport/domain"
)

// SKU and Version name the library to the server.
const (
	SKU     = "Keyport.Go"
	Version = "0.1.0"
)

// maxLast bounds the failures that one header reports, as MSAL does.
const maxLast = 350

// Client makes the headers of one client. It is safe for concurrent use.
type Client struct {
	appName, appVersion string

	mu       sync.Mutex // guards what follows
	failures []failure
	size     int
}

type failure struct {
	api               domain.APIID
	correlation, code string
}

// New returns the headers of a client with this name and version; both may be empty.
func New(appName, appVersion string) *Client {
	return &Client{appName: appName, appVersion: appVersion}
}

// NewCorrelationID returns a random UUID (RFC 9562 §5.4).
func NewCorrelationID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: the process ends when there is no entropy
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// Headers returns the headers of a token request to one of Microsoft's servers.
func (c *Client) Headers(id domain.APIID, reason domain.RefreshReason, correlation string) http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"x-client-sku":               SKU,
		"x-client-ver":               Version,
		"x-client-os":                runtime.GOOS,
		"x-client-cpu":               runtime.GOARCH,
		"x-app-name":                 c.appName,
		"x-app-ver":                  c.appVersion,
		"x-ms-lib-capability":        "retry-after, h429",
		"client-request-id":          correlation,
		"return-client-request-id":   "true",
		"x-client-current-telemetry": domain.CurrentTelemetry(id, reason),
		"x-client-last-telemetry":    c.last(),
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return h
}

// last reports the failures since the last success, schema version 4. The count of
// cache hits that MSAL puts first is left at 0: counting them would cost every hit
// a write to memory that all processors share.
func (c *Client) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids, codes := make([]string, len(c.failures)), make([]string, len(c.failures))
	for i, f := range c.failures {
		ids[i] = strconv.Itoa(int(f.api)) + "," + f.correlation
		codes[i] = f.code
	}
	return "4|0|" + strings.Join(ids, ",") + "|" + strings.Join(codes, ",") + "|"
}

// Succeeded forgets the failures: the server has been told.
func (c *Client) Succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures, c.size = nil, 0
}

// Failed remembers a refusal for the next request's header, as long as there is room.
func (c *Client) Failed(id domain.APIID, correlation, code string) {
	f := failure{id, clean(correlation), clean(code)}
	size := len(",,,") + len(strconv.Itoa(int(id))) + len(f.correlation) + len(f.code)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size+size < maxLast {
		c.failures = append(c.failures, f)
		c.size += size
	}
}

// clean keeps a server's text from breaking the header's syntax.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == ',' || r == '|' {
			return '_'
		}
		return r
	}, text)
}
