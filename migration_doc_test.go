package keyport_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport"
)

// The guide for who comes from MSAL Python is long and full of names. These tests
// hold it to the code: what it names exists, what it shows is asserted, and nothing
// is left out on either side.

const migrationGuide = "docs/migrating-from-msal-python.md"

func readGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(migrationGuide)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMigrationGuideNamesWhatExists(t *testing.T) {
	known := readSymbols(t)
	text := readGuide(t)
	names := ourNames(text)
	if len(names) < 200 {
		t.Fatalf("found %d names of ours in the guide; is its form still what this test reads?", len(names))
	}
	for _, name := range names {
		if !known.has(name) {
			t.Errorf("the guide names `%s`, which does not exist", name)
		}
	}
	blocks := goBlocks(text)
	if len(blocks) < 5 {
		t.Errorf("found %d blocks of Go, want one for each of the five most used calls", len(blocks))
	}
	for _, block := range blocks {
		for _, problem := range known.problemsOf(block) {
			t.Error(problem)
		}
	}
}

// A method counts as shown when one line of the guide has its name and an example
// that calls it and whose output is asserted.
func TestMigrationGuideShowsEveryMethodInAnAssertedExample(t *testing.T) {
	examples := rootExamples(t)
	shown := map[string]bool{}
	for line := range strings.Lines(readGuide(t)) {
		for _, name := range exampleName.FindAllString(line, -1) {
			example, exists := examples[name]
			switch {
			case !exists:
				t.Errorf("the guide names %s, which is in none of the root's test files", name)
			case example.Output == "":
				t.Errorf("%s asserts no output", name)
			default:
				for _, method := range callsIn(example.Code) {
					shown[method] = shown[method] || strings.Contains(line, "`"+method+"`") || strings.Contains(line, "`"+method+"(")
				}
			}
		}
	}
	for _, client := range []reflect.Type{reflect.TypeFor[*keyport.ConfidentialClient](), reflect.TypeFor[*keyport.PublicClient]()} {
		for i := range client.NumMethod() {
			if client.Method(i).Name == "Format" { // for fmt, and nobody's to call
				continue
			}
			if method := client.Method(i).Name; !shown[method] {
				t.Errorf("no line of the guide has %s.%s and an example that calls it", client.Elem().Name(), method)
			}
		}
	}
}

func TestMigrationGuideCoversMSALPython(t *testing.T) {
	words := map[string]bool{}
	for _, span := range codeSpan.FindAllStringSubmatch(readGuide(t), -1) {
		for _, word := range word.FindAllString(span[1], -1) {
			words[word] = true
		}
	}
	for _, name := range strings.Fields(msalPython) {
		if !words[name] {
			t.Errorf("MSAL Python's %s has no place in the guide", name)
		}
	}
}

// msalPython are the public names of MSAL Python 1.31's applications.
const msalPython = `
ClientApplication PublicClientApplication ConfidentialClientApplication ManagedIdentityClient
TokenCache SerializableTokenCache PopAuthScheme Prompt AuthorityBuilder SystemAssignedManagedIdentity UserAssignedManagedIdentity

client_id client_credential authority validate_authority token_cache http_client verify proxies timeout client_claims
app_name app_version client_capabilities azure_region exclude_scopes http_cache instance_discovery allow_broker
enable_pii_log oidc_authority enable_broker_on_windows enable_broker_on_mac
private_key thumbprint passphrase public_certificate private_key_pfx_path client_assertion

initiate_auth_code_flow acquire_token_by_auth_code_flow get_authorization_request_url acquire_token_by_authorization_code
get_accounts remove_account acquire_token_silent acquire_token_silent_with_error acquire_token_by_refresh_token
acquire_token_by_username_password acquire_token_interactive initiate_device_flow acquire_token_by_device_flow
acquire_token_for_client remove_tokens_for_client acquire_token_on_behalf_of is_pop_supported get_managed_identity_source

scopes redirect_uri state prompt login_hint domain_hint claims_challenge max_age response_mode response_type nonce
auth_code_flow auth_response code account force_refresh auth_scheme data params username refresh_token password user_assertion
port parent_window_handle on_before_launching_ui extra_scopes_to_consent flow exit_condition managed_identity resource
resource_id object_id http_method url success_template error_template welcome_template auth_uri_callback

access_token token_type expires_in ext_expires_in refresh_on refresh_in scope token_source id_token id_token_claims foci client_info
error error_description error_uri error_codes suberror classification claims correlation_id trace_id timestamp msal_telemetry
home_account_id local_account_id environment realm authority_type account_source auth_uri code_verifier
serialize deserialize has_state_changed add search find modify

ValueError RuntimeError IdTokenError BrowserInteractionTimeoutError ManagedIdentityError ArcPlatformNotSupportedError

ACQUIRE_TOKEN_BY_AUTHORIZATION_CODE_ID ACQUIRE_TOKEN_BY_DEVICE_FLOW_ID ACQUIRE_TOKEN_BY_REFRESH_TOKEN
ACQUIRE_TOKEN_BY_USERNAME_PASSWORD_ID ACQUIRE_TOKEN_FOR_CLIENT_ID ACQUIRE_TOKEN_INTERACTIVE ACQUIRE_TOKEN_ON_BEHALF_OF_ID
ACQUIRE_TOKEN_SILENT_ID GET_ACCOUNTS_ID REMOVE_ACCOUNT_ID ATTEMPT_REGION_DISCOVERY DISABLE_MSAL_FORCE_REGION MSAL_FORCE_REGION
DEVICE_FLOW_CORRELATION_ID CONSOLE_WINDOW_HANDLE AZURE_PUBLIC AZURE_US_GOVERNMENT AZURE_CHINA
NONE LOGIN CONSENT SELECT_ACCOUNT CREATE HTTP_GET HTTP_POST HTTP_PUT HTTP_DELETE HTTP_PATCH
APP_SERVICE AZURE_ARC CLOUD_SHELL MACHINE_LEARNING SERVICE_FABRIC DEFAULT_TO_VM`

func TestMigrationGuideLinksLeadSomewhere(t *testing.T) {
	text := readGuide(t)
	anchors := map[string]bool{}
	for _, heading := range heading.FindAllStringSubmatch(text, -1) {
		anchors["#"+strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")] = true
	}
	for _, link := range link.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(link[1], "#") {
			if !anchors[link[1]] {
				t.Errorf("no heading is called %s", link[1])
			}
			continue
		}
		if _, err := os.Stat(path.Join(path.Dir(migrationGuide), link[1])); err != nil {
			t.Error(err)
		}
	}
}

func TestMigrationGuideCheckerSeesWhatIsWrong(t *testing.T) {
	known := readSymbols(t)
	for name, want := range map[string]bool{
		"keyport.NewConfidentialClient": true, "keyport.NewConfidantClient": false, "keyport.Result.Scopes": true,
		"Result.ExpiresOn": true, "Result.ExpiresIn": false, "ConfidentialClient.Close": true, "ConfidentialClient.Open": false,
		"CertificateSource.PEM": true, "httpclient.Options.RootCAs": true, "httpclient.Options.Roots": false,
		"AcquireTokenSilent": true, "AcquireTokenSilently": false, "json.Marshal": true, "application.Nothing": false,
	} {
		if got := known.has(name); got != want {
			t.Errorf("has(%q) = %v, want %v", name, got, want)
		}
	}
	page := "| MSAL Python | Keyport | why |\n|---|---|---|\n| `TheirName` | `OurName(ctx, Thing)`, `\"Text\"` | `X-Header` and `None` |\n\nand `Type.Field`\n"
	if got, want := ourNames(page), []string{"OurName", "Thing", "Type.Field"}; !slices.Equal(got, want) {
		t.Errorf("read the names %v, want %v", got, want)
	}
	for _, block := range []string{"app.Sing()", "keyport.Song{}", "keyport.SilentRequest{Scope: nil}", "result.Sung", "{"} {
		if len(known.problemsOf(block)) == 0 {
			t.Errorf("found nothing wrong with %s", block)
		}
	}
}

var (
	codeSpan    = regexp.MustCompile("`([^`\n]+)`")
	goBlock     = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	anyBlock    = regexp.MustCompile("(?ms)^```.*?^```$")
	quoted      = regexp.MustCompile(`"[^"]*"`)
	word        = regexp.MustCompile(`[A-Za-z_]\w*`)
	dotted      = regexp.MustCompile(`[A-Za-z_][\w-]*(?:\.[A-Za-z_]\w*)*`)
	ours        = regexp.MustCompile(`^(?:[a-z]+\.)?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)*$`)
	exampleName = regexp.MustCompile(`\bExample(?:_[a-z]\w*|[A-Z]\w*)\b`)
	heading     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	link        = regexp.MustCompile(`\]\(([^)]+)\)`)
)

// pythonWords look like names of ours where the guide is not about MSAL Python alone.
var pythonWords = strings.Fields("None False True Bearer ManagedIdentityClient SystemAssignedManagedIdentity UserAssignedManagedIdentity")

func goBlocks(text string) []string {
	var blocks []string
	for _, match := range goBlock.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

// ourNames lists the names of Go in the guide's code spans, in order and each once.
// Columns of tables that are headed "MSAL Python" are theirs.
func ourNames(text string) []string {
	var names, header []string
	add := func(prose string) {
		for _, span := range codeSpan.FindAllStringSubmatch(prose, -1) {
			for _, name := range dotted.FindAllString(quoted.ReplaceAllString(span[1], ""), -1) {
				if ours.MatchString(name) && !exampleName.MatchString(name) && !slices.Contains(pythonWords, name) && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	for line := range strings.Lines(anyBlock.ReplaceAllString(text, "")) {
		if !strings.HasPrefix(line, "|") {
			header = nil
			add(line)
			continue
		}
		cells := strings.Split(line, "|")
		if header == nil {
			header = cells
		}
		for i, cell := range cells {
			if i >= len(header) || !strings.Contains(header[i], "MSAL Python") {
				add(cell)
			}
		}
	}
	return names
}

// symbols are the exported names of the packages that a program meets: by package,
// and by "package.Type" the fields and methods, and the types that are embedded.
type symbols struct {
	names, members map[string]map[string]bool
	embedded       map[string][]string
}

// packagesOfTheGuide maps names to folders.
var packagesOfTheGuide = map[string]string{
	"keyport": ".", "domain": "domain", "application": "application", "ports": "ports",
	"httpclient": "adapters/httpclient", "cachememory": "adapters/cachememory", "cachefile": "adapters/cachefile", "certificates": "adapters/certificates",
}

// standardLibrary are packages whose names the guide may use.
var standardLibrary = strings.Fields("context crypto errors http json slog time url")

func readSymbols(t *testing.T) symbols {
	t.Helper()
	s := symbols{map[string]map[string]bool{}, map[string]map[string]bool{}, map[string][]string{}}
	aliases := map[string]string{}
	for name, dir := range packagesOfTheGuide {
		s.names[name] = map[string]bool{}
		for _, file := range parseAll(t, dir, func(file string) bool { return !strings.HasSuffix(file, "_test.go") }) {
			for _, declaration := range file.Decls {
				s.read(name, declaration, aliases)
			}
		}
	}
	for of, types := range s.embedded {
		for _, embedded := range types {
			for member := range s.members[embedded] {
				s.addMember(of, member)
			}
		}
	}
	for alias, target := range aliases {
		s.members[alias] = s.members[target]
	}
	return s
}

func parseAll(t *testing.T, dir string, wanted func(file string) bool) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	fileSet := token.NewFileSet()
	for _, file := range paths {
		if !wanted(file) {
			continue
		}
		parsed, err := parser.ParseFile(fileSet, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, parsed)
	}
	return files
}

func (s symbols) read(pkg string, declaration ast.Decl, aliases map[string]string) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			s.names[pkg][d.Name.Name] = true
			return
		}
		receiver := d.Recv.List[0].Type
		if pointer, ok := receiver.(*ast.StarExpr); ok {
			receiver = pointer.X
		}
		if name, ok := receiver.(*ast.Ident); ok {
			s.addMember(pkg+"."+name.Name, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					s.names[pkg][name.Name] = true
				}
			case *ast.TypeSpec:
				s.names[pkg][spec.Name.Name] = true
				s.readType(pkg+"."+spec.Name.Name, spec.Type, aliases)
			}
		}
	}
}

func (s symbols) readType(name string, of ast.Expr, aliases map[string]string) {
	var list *ast.FieldList
	switch of := of.(type) {
	case *ast.SelectorExpr:
		aliases[name] = fmt.Sprintf("%s.%s", of.X, of.Sel)
	case *ast.StructType:
		list = of.Fields
	case *ast.InterfaceType:
		list = of.Methods
	}
	if list == nil {
		return
	}
	for _, field := range list.List {
		for _, member := range field.Names {
			s.addMember(name, member.Name)
		}
		if embedded, ok := field.Type.(*ast.Ident); ok && field.Names == nil {
			pkg, _, _ := strings.Cut(name, ".")
			s.embedded[name] = append(s.embedded[name], pkg+"."+embedded.Name)
		}
	}
}

func (s symbols) addMember(of, member string) {
	if s.members[of] == nil {
		s.members[of] = map[string]bool{}
	}
	s.members[of][member] = true
}

// has reports whether a name of the guide exists: "pkg.Name", "pkg.Type.Member",
// "Type.Member" or, of any package, "Name" or "Member".
func (s symbols) has(name string) bool {
	first, rest, isDotted := strings.Cut(name, ".")
	switch {
	case isDotted && slices.Contains(standardLibrary, first):
		return true
	case isDotted && s.names[first] != nil:
		owner, member, isMember := strings.Cut(rest, ".")
		return s.names[first][owner] && (!isMember || s.members[first+"."+owner][member])
	case isDotted:
		return slices.ContainsFunc(slices.Collect(maps.Keys(s.names)), func(pkg string) bool { return s.members[pkg+"."+first][rest] })
	}
	in := func(set map[string]bool) bool { return set[name] }
	return slices.ContainsFunc(slices.Collect(maps.Values(s.names)), in) || slices.ContainsFunc(slices.Collect(maps.Values(s.members)), in)
}

// variables of the guide's blocks, and their types.
var variables = map[string]string{"keyport": "keyport", "app": "ConfidentialClient", "result": "Result", "flow": "AuthCodeFlow"}

// problemsOf checks a block of Go: that it can be parsed, and the names in it.
func (s symbols) problemsOf(block string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "block", "package p\nfunc _() {\n"+block+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return []string{fmt.Sprintf("a block of Go cannot be parsed: %v", err)}
	}
	var problems []string
	check := func(name string) {
		if !s.has(name) {
			problems = append(problems, "a block of Go has "+name+", which does not exist")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && variables[of.Name] != "" {
				check(variables[of.Name] + "." + n.Sel.Name)
			}
		case *ast.CompositeLit:
			of, ok := n.Type.(*ast.SelectorExpr)
			for _, element := range n.Elts {
				if pair, keyed := element.(*ast.KeyValueExpr); ok && keyed {
					check(fmt.Sprintf("%s.%s.%s", of.X, of.Sel, pair.Key))
				}
			}
		}
		return true
	})
	return problems
}

// rootExamples are the examples of this package by their full names.
func rootExamples(t *testing.T) map[string]*doc.Example {
	t.Helper()
	examples := map[string]*doc.Example{}
	for _, example := range doc.Examples(parseAll(t, ".", func(file string) bool { return strings.HasSuffix(file, "_test.go") })...) {
		examples["Example"+example.Name] = example
	}
	return examples
}

// callsIn lists the methods that are called in a piece of code.
func callsIn(code ast.Node) []string {
	var names []string
	ast.Inspect(code, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if method, ok := call.Fun.(*ast.SelectorExpr); ok {
				names = append(names, method.Sel.Name)
			}
		}
		return true
	})
	return names
}
