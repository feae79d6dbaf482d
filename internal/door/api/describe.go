package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"stamm/internal/platform/i18n"
)

const bearer = "key"

// config is that of huma. It writes and reads nothing but JSON; the description is served by this package, because
// huma's own page loads its program from another host.
func (s *server) config(version string) huma.Config {
	config := huma.DefaultConfig("Stamm", version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "application/problem+json": huma.DefaultJSONFormat}
	config.Transformers = []huma.Transformer{s.translate}
	config.OnAddOperation = []huma.AddOpFunc{describeOperation}
	config.Info.Description = english().T("api.about")
	config.Servers = []*huma.Server{{URL: Base}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", Description: english().T("api.bearer")}}
	return config
}

func english() *i18n.Printer { return i18n.For("en", nil) }

// operation is the route as huma registers it.
func (r route) operation() huma.Operation {
	p := english()
	return huma.Operation{OperationID: r.id, Method: r.method, Path: r.path, Tags: []string{r.tag},
		Summary: p.T("api.op." + r.id + ".title"), Description: p.T("api.op."+r.id+".text") + " " + p.T("api.needs", "scope", string(r.scope)),
		DefaultStatus: r.status, Security: []map[string][]string{{bearer: {}}}, Metadata: map[string]any{"route": r}}
}

// describeOperation says what an operation takes and how its errors look.
func describeOperation(doc *huma.OpenAPI, op *huma.Operation) {
	r := op.Metadata["route"].(route)
	schemas := doc.Components.Schemas
	if r.body != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(r.body, true, "")}}}
	}
	if r.form != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: schemas.Schema(r.form, true, "")}}}
	}
	for _, answer := range op.Responses {
		if answer.Content == nil { // a report writes its own object
			answer.Content = map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}
		}
	}
	problem := schemas.Schema(reflect.TypeFor[Problem](), true, "")
	op.Responses["default"] = &huma.Response{Description: english().T("api.problem"),
		Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}}
}

// finishDescription takes out what is huma's own and says in words what each field and parameter is.
func (s *server) finishDescription() {
	doc, p := s.huma.OpenAPI(), english()
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for name, schema := range schemas {
		for field, property := range schema.Properties {
			property.Description = fieldText(p, name, field)
			if field == "properties" || field == "condition" { // JSON as it was sent, of which huma knows no more
				property.Type, property.AdditionalProperties = huma.TypeObject, true
			}
		}
	}
	for _, r := range s.order {
		for _, param := range operationOf(doc, r).Parameters {
			param.Description = fieldText(p, "parameter", param.Name)
		}
	}
}

// fieldText says what a field is: in this schema, in the schemas that begin with the same word, or wherever it has that
// name.
func fieldText(p *i18n.Printer, schema, field string) string {
	word := schema
	if i := strings.IndexFunc(schema[1:], unicode.IsUpper); i >= 0 {
		word = schema[:i+1]
	}
	for _, of := range []string{schema, word} {
		if own := "api.field." + strings.ToLower(of) + "_" + field; p.Has(own) {
			return p.T(own)
		}
	}
	return p.T("api.field." + field)
}

func operationOf(doc *huma.OpenAPI, r route) *huma.Operation {
	item := doc.Paths[r.path]
	switch r.method {
	case http.MethodGet:
		return item.Get
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	}
	return item.Post
}

// addDescription serves the OpenAPI document and a page made from it, open to everybody.
func (s *server) addDescription() {
	s.finishDescription()
	doc := s.huma.OpenAPI()
	s.mux.HandleFunc("GET "+Base+"/openapi.json", serve("application/openapi+json", func() ([]byte, error) { return json.MarshalIndent(doc, "", "  ") }))
	s.mux.HandleFunc("GET "+Base+"/openapi.yaml", serve("application/openapi+yaml", doc.YAML))
	s.mux.HandleFunc("GET "+Base+"/docs", s.docs)
	s.mux.Handle("GET "+Base+"/{$}", http.RedirectHandler(Base+"/docs", http.StatusFound))
	s.mux.HandleFunc("GET "+Base+"/docs/style.css", serve("text/css; charset=utf-8", func() ([]byte, error) { return docsStyle, nil }))
}

// serve answers with a file that is made once.
func serve(mediaType string, content func() ([]byte, error)) http.HandlerFunc {
	once := sync.OnceValues(content)
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := once()
		if err != nil {
			panic(fmt.Sprintf("api: description: %v", err))
		}
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Write(b)
	}
}
