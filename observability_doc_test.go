package keyport_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// TestObservabilityPage: its code is asserted in the examples, its tables have the fields
// that there are, and no others.
func TestObservabilityPage(t *testing.T) {
	page, err := os.ReadFile("docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_observation_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := goBlocks(string(page))
	if len(blocks) != 2 {
		t.Errorf("found %d blocks of Go, want 2", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(unindented(string(examples)), unindented(block)) {
			t.Errorf("this is in no example:\n%s", block)
		}
	}
	for _, row := range []struct {
		heading string
		of      []reflect.Type
	}{
		{"`AcquisitionEvent`: one", []reflect.Type{
			reflect.TypeFor[domain.Activity](), reflect.TypeFor[domain.AcquisitionEvent](), reflect.TypeFor[domain.Failure](), reflect.TypeFor[domain.Durations](),
		}},
		{"`CacheEvent`: one", []reflect.Type{reflect.TypeFor[domain.CacheEvent]()}},
		{"| hook | when", []reflect.Type{reflect.TypeFor[application.Hooks]()}},
	} {
		_, table, found := strings.Cut(string(page), row.heading)
		if !found {
			t.Errorf("the page lacks %q", row.heading)
			continue
		}
		if end := strings.Index(table[len("\n"):], "\n\n`"); end >= 0 {
			table = table[:end+1]
		}
		compareFields(t, row.heading, table, row.of)
	}
}

var firstColumn = regexp.MustCompile("(?m)^\\| (`[^|]+) \\|")

func compareFields(t *testing.T, heading, table string, types []reflect.Type) {
	t.Helper()
	named := map[string]bool{}
	for _, cell := range firstColumn.FindAllStringSubmatch(table, -1) {
		for name := range strings.SplitSeq(cell[1], ", ") {
			name = strings.Trim(name, "` ")
			named[name[strings.LastIndexByte(name, '.')+1:]] = true
		}
	}
	fields := map[string]bool{}
	for _, of := range types {
		for i := range of.NumField() {
			f := of.Field(i)
			isSplit := slices.Contains(types, f.Type) && f.Name == f.Type.Name() // told field by field
			fields[f.Name] = !isSplit
		}
	}
	for name := range fields {
		if !named[name] && fields[name] {
			t.Errorf("%s: the table lacks %s", heading, name)
		}
	}
	for name := range named {
		if !fields[name] {
			t.Errorf("%s: there is no %s", heading, name)
		}
	}
}

// unindented is code without the tabs in front of its lines.
func unindented(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		out.WriteString(strings.TrimLeft(line, "\t"))
	}
	return strings.TrimSpace(out.String())
}
