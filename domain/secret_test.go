package domain_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/seed57855a68/keyport/domain"
)

// methodVerbs are those under which fmt asks a value how to print it. Under
// misusedVerbs it asks none.
const methodVerbs, misusedVerbs = "vsqxXdtbocUeEfFgGO", "pTw"

// everyVerb prints v under each of the verbs, with flags too.
func everyVerb(v any, verbs string) string {
	var b strings.Builder
	for _, verb := range verbs {
		for _, flags := range []string{"", "+", "#", "-9", "09", " ", ".3"} {
			fmt.Fprintf(&b, "%"+flags+string(verb)+"\n", v)
		}
	}
	return b.String()
}

type hidden struct {
	token   domain.Secret
	list    []domain.Secret
	byName  map[string]domain.Secret
	byToken map[domain.Secret]int
	pointer *domain.Secret
	any     any
	array   [1]domain.Secret
	deeper  struct{ token domain.Secret }
}

type shown struct {
	XMLName xml.Name      `json:"-" xml:"shown"`
	Token   domain.Secret `json:"token" xml:"token"`
	Attr    domain.Secret `json:"attr" xml:"attr,attr"`
	Absent  domain.Secret `json:"absent" xml:"absent"`
	hidden  hidden
}

// holders put a secret wherever a program may keep one.
func holders() map[string]any {
	s := domain.NewSecret(canary)
	h := hidden{
		s, []domain.Secret{s}, map[string]domain.Secret{"a": s}, map[domain.Secret]int{s: 1}, &s, s, [1]domain.Secret{s},
		struct{ token domain.Secret }{s},
	}
	x := shown{Token: s, Attr: s, hidden: h}
	return map[string]any{
		"secret": s, "pointer": &s, "hidden": h, "pointer to hidden": &h, "shown": x, "pointer to shown": &x, "list": []domain.Secret{s},
		"map": map[string]domain.Secret{"a": s}, "key": map[domain.Secret]string{s: "a"}, "any": []any{s, &s, h}, "error": fmt.Errorf("%v %w", s, errors.ErrUnsupported),
	}
}

func TestSecretUnderEveryVerb(t *testing.T) {
	for name, holder := range holders() {
		if got := everyVerb(holder, methodVerbs+misusedVerbs); strings.Contains(got, canary) || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", canary)) {
			t.Errorf("%s prints the secret: %.2000s", name, got)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, domain.NewSecret(canary)); got != "[redacted]" {
			t.Errorf("%s: got %q", verb, got)
		}
		if got := fmt.Sprintf(verb, domain.Secret{}); got != "" {
			t.Errorf("%s of the absent secret: got %q", verb, got)
		}
	}
}

func TestSecretInLogs(t *testing.T) {
	for name, holder := range holders() {
		var log strings.Builder
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			logger := slog.New(handler)
			logger.With("with", holder).WithGroup("group").Info("message", "attribute", holder, slog.Group("inner", "x", holder))
		}
		if got := log.String(); strings.Contains(got, canary) {
			t.Errorf("%s is logged with the secret: %s", name, got)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "token", domain.NewSecret(canary))
	if !strings.Contains(log.String(), "token=[redacted]") {
		t.Errorf("got %s", log.String())
	}
}

func TestSecretInDocuments(t *testing.T) {
	document := holders()["shown"]
	asJSON, err := json.Marshal(document)
	if want := `{"token":"[redacted]","attr":"[redacted]","absent":""}`; err != nil || string(asJSON) != want {
		t.Errorf("got %s, %v; want %s", asJSON, err, want)
	}
	asXML, err := xml.Marshal(document)
	if want := `<shown attr="[redacted]"><token>[redacted]</token><absent></absent></shown>`; err != nil || string(asXML) != want {
		t.Errorf("got %s, %v; want %s", asXML, err, want)
	}
	var page strings.Builder
	if err := template.Must(template.New("").Parse("{{.Token}} {{printf \"%s\" .Token}}")).Execute(&page, document); err != nil || page.String() != "[redacted] [redacted]" {
		t.Errorf("got %q, %v", page.String(), err)
	}
	// A secret is not read from a document either: nobody stores what is redacted.
	if err := json.Unmarshal([]byte(`{"token":"`+canary+`"}`), new(shown)); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("got error %v", err)
	}
}

func TestSecretEqual(t *testing.T) {
	var absent domain.Secret
	one := domain.NewSecret(canary)
	for _, row := range []struct {
		name string
		a, b domain.Secret
		want bool
	}{
		{"itself", one, one, true}, {"the same text", one, domain.NewSecret(canary), true}, {"nothing and nothing", absent, domain.NewSecret(""), true},
		{"another text", one, domain.NewSecret("hunter3"), false}, {"a longer text", one, domain.NewSecret(canary + "2"), false},
		{"nothing and a text", absent, one, false}, {"a text and nothing", one, absent, false},
	} {
		if got := row.a.Equal(row.b); got != row.want {
			t.Errorf("%s: got %v", row.name, got)
		}
	}
	if one.Reveal() != canary || one.IsZero() || absent.Reveal() != "" || !absent.IsZero() || domain.NewSecret("") != absent {
		t.Error("the absent secret is not the zero value, or a secret is lost")
	}
}
