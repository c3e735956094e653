package keyport_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// lawfulHouse is the smallest repository in which the checker finds nothing.
func lawfulHouse() map[string]string {
	return map[string]string{
		"go.mod":                          "module " + module + "\n\nrequire (\n\t" + goJose + " v4.1.9\n\tgolang.org/x/mod v0.1.0 // indirect\n)\n",
		"docs/adr/0008-dependencies.md":   goJose + " signs assertions.",
		"domain/doc.go":                   "// Package domain holds values.\npackage domain",
		"domain/scope.go":                 "package domain\nimport (\"net/url\"; \"time\")\nvar _ url.URL\nfunc f(now time.Time) {}",
		"domain/scope_test.go":            `package domain_test; import ("os"; "` + module + `"; "` + module + `/domain"; "github.com/google/go-cmp/cmp")`,
		"application/doc.go":              "// Package application holds use cases.\npackage application",
		"application/acquire.go":          `package application; import ("context"; "net/http"; "` + module + `/ports"; "` + goJose + `/jwt")`,
		"application/internal/a/doc.go":   "// Package a helps.\npackage a",
		"adapters/cachefile/doc.go":       "// Package cachefile keeps tokens.\npackage cachefile",
		"adapters/cachefile/cachefile.go": `package cachefile; import ("os"; "` + module + `/adapters/cachekit"; "` + module + `/adapters/cachefile/internal/lock")`,
		"examples/own/main.go":            "// Command own shows it.\npackage main\nimport \"" + module + "/adapters/cachefile\"",
		"e2e/go.mod":                      "module " + module + "/e2e\n\nreplace " + module + " => ../\n",
		"e2e/e2e_test.go":                 `package e2e; import "example.com/anything"`,
		"testdata/odd/odd.go":             "this is not Go",
	}
}

func check(t *testing.T, changed map[string]string) []string {
	t.Helper()
	files := lawfulHouse()
	maps.Copy(files, changed)
	repo := fstest.MapFS{}
	for name, text := range files {
		repo[name] = &fstest.MapFile{Data: []byte(text)}
	}
	violations, err := checkArchitecture(repo)
	if err != nil {
		t.Fatal(err)
	}
	return violations
}

func TestCheckerFindsNothingInALawfulHouse(t *testing.T) {
	if got := check(t, nil); len(got) != 0 {
		t.Errorf("violations: %q", got)
	}
}

func TestCheckerSeesEachKindOfViolation(t *testing.T) {
	one := func(name, text string) map[string]string { return map[string]string{name: text} }
	const core = module + "/"
	tests := []struct {
		name    string
		changed map[string]string
		want    []string // file and the fact that must be named
	}{
		{"the domain waits for nobody", one("domain/x.go", `package domain; import "context"`), []string{"domain/x.go: imports context"}},
		{"the domain opens no socket", one("domain/x.go", `package domain; import ("net"; "net/http")`), []string{"domain/x.go: imports net,", "domain/x.go: imports net/http"}},
		{"the domain draws no random number", one("domain/x.go", `package domain; import "crypto/rand"`), []string{"domain/x.go: imports crypto/rand"}},
		{"the domain calls no C", one("domain/x.go", `package domain; import "C"`), []string{"domain/x.go: imports C, which room", "domain/x.go: imports C, which is not in the ledger"}},
		{"the domain knows no port", one("domain/x.go", `package domain; import "`+core+`ports"`), []string{"domain/x.go: imports " + core + "ports"}},
		{"the domain reads no clock", one("domain/x.go", "package domain\nimport \"time\"\nvar now = time.Now"), []string{"domain/x.go: uses time.Now"}},
		{"nor under another name", one("domain/x.go", "package domain\nimport t \"time\"\nvar d = t.Since(t.Time{})"), []string{"domain/x.go: uses time.Since"}},
		{"nor through a dot import", one("domain/x.go", `package domain; import . "time"`), []string{"domain/x.go: imports time with a dot"}},
		{"nor on one platform only", one("domain/x_windows.go", "//go:build windows\n\npackage domain\nimport \"os\""), []string{"domain/x_windows.go: imports os"}},
		{"the application sleeps on its clock", one("application/x.go", "package application\nimport \"time\"\nfunc f() { time.Sleep(1); <-time.After(1) }"), []string{"application/x.go: uses time.Sleep", "application/x.go: uses time.After"}},
		{"the application leaves the machine alone", one("application/internal/a/x.go", `package a; import ("net"; "os"; "os/exec")`), []string{"a/x.go: imports net,", "a/x.go: imports os,", "a/x.go: imports os/exec,"}},
		{"the application knows no adapter", one("application/x.go", `package application; import "`+core+`adapters/cachememory"`), []string{"application/x.go: imports " + core + "adapters/cachememory"}},
		{"ports do not log", one("ports/doc.go", "// Package ports names doors.\npackage ports\nimport \"log\""), []string{"ports/doc.go: imports log"}},
		{"an adapter knows no use case", one("adapters/cachefile/x.go", `package cachefile; import "`+core+`application"`), []string{"cachefile/x.go: imports " + core + "application"}},
		{"an adapter knows no other adapter", one("adapters/cachefile/x.go", `package cachefile; import "`+core+`adapters/system"`), []string{"cachefile/x.go: imports " + core + "adapters/system"}},
		{"only caches use the cache kit", one("adapters/system/doc.go", "// Package system tells the time.\npackage system\nimport \""+core+"adapters/cachekit\""), []string{"system/doc.go: imports " + core + "adapters/cachekit"}},
		{"an adapter does not wire itself", one("adapters/cachefile/x.go", `package cachefile; import "`+module+`"`), []string{"cachefile/x.go: imports " + module + ","}},
		{"nor in a test from inside", one("adapters/cachefile/x_test.go", `package cachefile; import "`+module+`"`), []string{"cachefile/x_test.go: imports " + module + ","}},
		{"mocks are for tests", one("application/x.go", `package application; import "`+core+`mocks"`), []string{"application/x.go: imports " + core + "mocks"}},
		{"the root stays small", one("doc.go", "// Package keyport gets tokens.\npackage keyport\nimport \""+core+"adapters/cachefile\""), []string{"doc.go: imports " + core + "adapters/cachefile"}},
		{"a package needs a room", one("utils/doc.go", "// Package utils is no idea.\npackage utils"), []string{"utils: is a package in no room"}},
		{"a package below a room needs one too", one("domain/helper/doc.go", "// Package helper helps.\npackage helper"), []string{"domain/helper: is a package in no room"}},
		{"a package teaches", one("application/internal/b/b.go", "package b"), []string{"application/internal/b: has no doc.go"}},
		{"a licence is no package comment", one("domain/doc.go", "// Copyright.\npackage domain"), []string{"domain: has no doc.go"}},
		{"a library is a decision", one("examples/own/x.go", `package main; import "example.com/library"`), []string{"examples/own/x.go: imports example.com/library, which is not in the ledger"}},
		{"a listed library stays in its room", one("adapters/cachefile/x.go", `package cachefile; import "`+goJose+`"`), []string{"cachefile/x.go: imports " + goJose + ", which room"}},
		{"a test library is a decision", one("domain/x_test.go", `package domain; import "github.com/stretchr/testify/assert"`), []string{"x_test.go: imports github.com/stretchr/testify/assert, which room", "x_test.go: imports github.com/stretchr/testify/assert, which is not in the ledger"}},
		{"a requirement is a decision", one("go.mod", "module "+module+"\n\nrequire example.com/library v1.0.0\n"), []string{"go.mod: requires example.com/library, which is not in the ledger"}},
		{"a decision is written down", one("docs/adr/0008-dependencies.md", "Nothing yet."), []string{"go.mod: requires " + goJose + ", of which docs/adr/0008-dependencies.md says nothing"}},
		{"a nested module is a decision", one("ports/x/go.mod", "module "+core+"ports/x\n\nreplace "+module+" => ../../\n"), []string{"ports/x/go.mod: is a nested module in no list"}},
		{"a nested module builds from the checkout", one("e2e/go.mod", "module "+core+"e2e\n"), []string{"e2e/go.mod: does not replace"}},
		{"and from this one", one("e2e/go.mod", "module "+core+"e2e\n\nreplace "+module+" => ../../\n"), []string{"e2e/go.mod: does not replace"}},
		{"a nested module is named for its folder", one("e2e/go.mod", "module end2end\n\nreplace "+module+" => ../\n"), []string{"e2e/go.mod: does not declare"}},
		{"a heavy adapter has its own module", one("adapters/cachesql/doc.go", "// Package cachesql keeps tokens.\npackage cachesql"), []string{"adapters/cachesql: belongs into a module of its own"}},
		{"what cannot be read is not lawful", one("domain/x.go", "package"), []string{"domain/x.go: cannot be parsed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := check(t, tt.changed)
			if len(got) != len(tt.want) {
				t.Fatalf("violations (-want +got):\n%s", cmp.Diff(tt.want, got))
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("violation %q does not name %q", got[i], tt.want[i])
				}
			}
		})
	}
}
