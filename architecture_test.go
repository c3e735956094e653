package keyport_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The law of the house: which room may import what. Everything below is data; the
// checker that enforces it is in architecture_checker_test.go, and the proof that
// the checker sees violations in architecture_selftest_test.go. The reasons are in
// docs/adr/0001-rooms.md.

const module = "github.com/seed57855a68/keyport"

const (
	goJose   = "github.com/go-jose/go-jose/v4"
	anything = "..."
)

// rooms lists every place where a package may stand. A package in none of them is
// a violation, so a new kind of package is a decision and not an accident.
var rooms = slices.Concat([]room{
	{
		packages: "domain",
		stdOnly:  pureStd, functionsWithout: clockFunctions,
	},
	{
		packages: "domain/unified",
		imports:  []string{"domain"},
		stdOnly:  pureStd, functionsWithout: clockFunctions,
	},
	{
		packages:   "ports",
		imports:    []string{"domain"},
		stdWithout: []string{"os", "log"},
	},
	{
		packages: "ports/portstest",
		imports:  []string{"ports", "domain"},
	},
	{
		packages:   "application",
		imports:    []string{"domain", "ports", "application/internal/...", goJose + "/..."},
		stdWithout: []string{"os", "net"}, functionsWithout: clockFunctions,
	},
	{
		packages:   "application/internal/...",
		imports:    []string{"domain", "ports", goJose + "/..."},
		stdWithout: []string{"os", "net"}, functionsWithout: clockFunctions,
	},
	{
		packages: "mocks",
		imports:  []string{"domain", "ports", "go.uber.org/mock/gomock"},
	},
	{
		packages: "keyporttest/...",
		imports:  []string{"domain", "ports", goJose + "/..."},
	},
	{
		// The root wires these adapters and no others, so that a minimal program stays small.
		packages: ".",
		imports: []string{
			"application", "ports", "domain",
			"adapters/httpclient", "adapters/cachememory", "adapters/system",
			"adapters/redirectloopback", "adapters/certificates",
		},
	},
	{packages: "examples/...", imports: []string{anything}},
	{packages: "cmd/...", imports: []string{anything}},
	{packages: "benchmarks/...", imports: []string{anything}},
	{packages: "e2e/...", imports: []string{anything}},
}, adapters)

// adapters stand alone: none knows the application or another adapter.
var adapters = []room{
	adapter("httpclient", "github.com/hashicorp/go-retryablehttp"),
	adapter("cachememory"),
	adapter("cachefile", "github.com/gofrs/flock"),
	adapter("cachekit"),
	adapter("certificates", "github.com/youmark/pkcs8", "software.sslmate.com/src/go-pkcs12"),
	adapter("assertions"),
	adapter("system", "github.com/cli/browser"),
	adapter("redirectloopback"),
	adapter("bearer"),

	// These are modules of their own: their go.mod lists their libraries.
	adapter("cacheredis"),
	adapter("cachesql"),
	adapter("keyring"),
	adapter("otelobserver"),
	adapter("azurecredential"),
	adapter("oauth2source"),
}

func adapter(name string, libraries ...string) room {
	imports := append([]string{"ports", "domain", "domain/unified"}, libraries...)
	if strings.HasPrefix(name, "cache") {
		imports = append(imports, "adapters/cachekit/...")
	}
	return room{packages: "adapters/" + name + "/...", imports: imports}
}

// pureStd is what values and functions of values need: nothing in it waits, reads
// a clock, draws a random number, opens a file or a socket, or logs. (Of log/slog it
// is the interface by which a value says how it wants to be logged.)
var pureStd = []string{
	"bytes", "cmp", "crypto", "crypto/sha256", "crypto/sha512", "crypto/subtle",
	"encoding", "encoding/base64", "encoding/binary", "encoding/hex", "encoding/json",
	"errors", "fmt", "hash", "io", "iter", "log/slog", "maps", "math", "math/bits", "net/url",
	"slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
}

// clockFunctions read or wait for the machine's clock. The domain takes the time as
// an argument, the application from ports.Clock.
var clockFunctions = []string{
	"time.Now", "time.Since", "time.Until",
	"time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker",
}

// testsMayImport is what any _test.go may import besides what its room may.
var testsMayImport = []string{
	"mocks", "keyporttest/...", "ports/portstest", "adapters/cachememory",
	"adapters/cachekit", "adapters/cachefile", // an example shows the key from a key store in the cache that it seals
	"github.com/google/go-cmp/...", "go.uber.org/goleak", "go.uber.org/mock/gomock", "pgregory.net/rapid",
}

// ledger lists the modules that the core may require, each with the decision that
// let it in. A program that uses keyport downloads all of them.
var ledger = map[string]string{
	goJose:                                  "docs/adr/0008-dependencies.md",
	"github.com/hashicorp/go-retryablehttp": "docs/adr/0008-dependencies.md",
	"github.com/cli/browser":                "docs/adr/0008-dependencies.md",
	"github.com/gofrs/flock":                "docs/adr/0008-dependencies.md",
	"github.com/youmark/pkcs8":              "docs/adr/0008-dependencies.md",
	"software.sslmate.com/src/go-pkcs12":    "docs/adr/0008-dependencies.md",
	"go.uber.org/mock":                      "docs/adr/0008-dependencies.md",
	"github.com/google/go-cmp":              "docs/adr/0008-dependencies.md",
	"go.uber.org/goleak":                    "docs/adr/0008-dependencies.md",
	"pgregory.net/rapid":                    "docs/adr/0008-dependencies.md",
}

// nestedModules lists the folders that have a go.mod of their own, once they exist.
var nestedModules = []string{
	"adapters/cacheredis", "adapters/cachesql", "adapters/keyring", "adapters/otelobserver",
	"adapters/azurecredential", "adapters/oauth2source", "cmd/keyport", "benchmarks", "e2e",
}

func TestArchitecture(t *testing.T) {
	violations, err := checkArchitecture(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}
