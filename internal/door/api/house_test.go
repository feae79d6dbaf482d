package api_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/door/api"
	"stamm/internal/door/connect"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"

	"github.com/google/go-cmp/cmp"
)

// house is an API with a warehouse that follows the store and an importer that works, as the server wires them.
func house(t *testing.T, db *store.DB) *client {
	t.Helper()
	files, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	importer := connect.New(db, files)
	runner := jobs.NewRunner(db, jobs.Options{})
	importer.Register(runner)
	runner.Start()
	t.Cleanup(func() { runner.Close(context.Background()) })

	copied := warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), segment.Projection())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- copied.Follow(ctx, db) }()
	t.Cleanup(func() { stop(); <-done })

	c := newClient(t, db)
	c.with(api.Deps{Reports: api.ReportsOf(copied, db), Imports: importer, Segments: &api.Segments{House: copied, Fields: fields}})
	return c
}

func TestReportsShowWhatWasWrittenBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := house(t, db)
		for i, day := range []string{"2026-01-10", "2026-02-10"} {
			c.put(fmt.Sprintf("/documents/shop/order/A%d", i), fmt.Sprintf(`{"customer":{"external_id":"C1"},"time":%q,"net":"10.00"}`, day))
			got := c.get("/reports/totals?as_of=2026-03-01")
			if got["orders"] != float64(i+1) || got["customers"] != 1.0 {
				t.Errorf("after order %d: %v", i, got)
			}
		}
		c.put("/documents/shop/return/R1", `{"time":"2026-02-12","customer":{"external_id":"C1"},"reference":"A1","net":"10.00"}`)
		net, gross := c.get("/reports/totals?as_of=2026-03-01"), c.get("/reports/totals?as_of=2026-03-01&basis=gross")
		if net["orders"] != 1.0 || gross["orders"] != 2.0 || gross["basis"] != "gross" {
			t.Errorf("net %v, gross %v", net, gross)
		}
		if early := c.get("/reports/totals?as_of=2026-01-31"); early["orders"] != 1.0 || early["as_of"] != "2026-01-31" {
			t.Errorf("%v", early)
		}
		list := c.get("/reports/rfm?as_of=2026-03-01&customers=true")
		if n := len(list["customers"].([]any)); n != 1 {
			t.Errorf("%d customers", n)
		}
		for path, place := range map[string]string{"/reports/nothing": "name", "/reports/totals?as_of=31.12.2026": "as_of", "/reports/totals?basis=vat": "basis"} {
			a := c.do("GET", path, "")
			if a.status != http.StatusUnprocessableEntity && a.status != http.StatusNotFound || a.body["errors"].([]any)[0].(map[string]any)["location"] != place {
				t.Errorf("%s: %d %s", path, a.status, a.text)
			}
		}
		if names := c.get("/reports")["items"].([]any); len(names) < 15 || names[0].(map[string]any)["title"] == "" {
			t.Errorf("%v", names)
		}
	})
}

// upload sends files and fields as a form.
func (c *client) upload(fields map[string]string, files ...string) answer {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i, content := range files {
		part, _ := form.CreateFormFile("file", fmt.Sprintf(`C:\Daten\orders%d.csv`, i))
		part.Write([]byte(content))
	}
	for name, text := range fields {
		form.WriteField(name, text)
	}
	form.Close()
	r := httptest.NewRequest("POST", "/api/v1/imports", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+c.secret)
	r.Header.Set("Accept-Language", c.lang)
	return c.send(r)
}

// finished waits for an import.
func (c *client) finished(id float64) map[string]any {
	c.t.Helper()
	var job int64
	read(c.t, c.db, func(tx *store.Tx) error {
		run, err := connect.FindRun(context.Background(), tx, int64(id))
		job = run.Job
		return err
	})
	if _, err := jobs.Wait(context.Background(), c.db, job, nil); err != nil {
		c.t.Fatal(err)
	}
	return c.get(fmt.Sprintf("/imports/%v", id))
}

func TestFilesAreImported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := house(t, db)
		const file = "order;customer;date;amount\n1;C1;2026-01-10;10,50\n2;C1;2026-01-11;20,50\n3;C2;2026-31-02;5,50\n"
		begun := c.upload(map[string]string{"kind": "orders", "source": "till"}, file)
		if begun.status != http.StatusAccepted {
			t.Fatalf("%d %s", begun.status, begun.text)
		}
		id := begun.body["id"].(float64)
		got := c.finished(id)
		want := map[string]any{"state": "done", "source": "till", "rows": 3.0, "new": 2.0, "errors": 1.0,
			"files": []any{map[string]any{"name": "orders0.csv", "size": float64(len(file))}}}
		if diff := cmp.Diff(want, pick(got, "state", "source", "rows", "new", "errors", "files")); diff != "" {
			t.Error(diff)
		}
		bad := c.get(fmt.Sprintf("/imports/%v/errors", id))["items"].([]any)[0].(map[string]any)
		if bad["line"] != 4.0 || bad["field"] != "date" || bad["message"] == "" || strings.Contains(fmt.Sprint(bad), "⟦") {
			t.Errorf("%v", bad)
		}
		if list := c.get("/imports")["items"].([]any); len(list) != 1 {
			t.Errorf("%v", list)
		}
		if order := c.get("/documents/till/order/2"); order["value"] != "20.50" {
			t.Errorf("%v", order)
		}
		if a := c.do("GET", "/imports/4711/errors", ""); a.status != http.StatusNotFound {
			t.Errorf("%d %s", a.status, a.text)
		}
	})
}

func TestAnImportSaysWhatItCouldNotGuess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := house(t, db)
		const file = "order;customer;date;amount\n1;C1;2026-01-10;1.234\n"
		got := c.finished(c.upload(map[string]string{"kind": "orders"}, file).body["id"].(float64))
		failure, _ := got["failure"].(map[string]any)
		if got["state"] != "failed" || failure["location"] != "decimal" || failure["message"] == "" {
			t.Errorf("%v", got)
		}
		if got := c.finished(c.upload(map[string]string{"kind": "orders", "decimal": "comma"}, file).body["id"].(float64)); got["state"] != "done" {
			t.Errorf("with the sign: %v", got)
		}
		if order := c.get("/documents/default/order/1"); order["value"] != "1234.00" {
			t.Errorf("%v", order)
		}
	})
}

func TestBadUploadsAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := house(t, db)
		const file = "order;customer;date;amount\n1;C1;2026-01-10;10,50\n"
		for _, tt := range []struct {
			name   string
			fields map[string]string
			files  []string
			status int
			place  string
		}{
			{"no file", map[string]string{"kind": "orders"}, nil, 422, "file"},
			{"no kind", nil, []string{file}, 422, "kind"},
			{"an unknown field", map[string]string{"kind": "orders", "color": "red"}, []string{file}, 422, "color"},
			{"a heading that is no number", map[string]string{"kind": "orders", "heading": "x"}, []string{file}, 422, "heading"},
			{"a map that is none", map[string]string{"kind": "orders", "map": "[]"}, []string{file}, 422, "map"},
			{"a source with NUL", map[string]string{"kind": "orders", "source": "a\x00"}, []string{file}, 422, "source"},
			{"an empty file", map[string]string{"kind": "orders"}, []string{""}, 422, ""},
		} {
			a := c.upload(tt.fields, tt.files...)
			if a.status != tt.status {
				t.Errorf("%s: %d %s", tt.name, a.status, a.text)
				continue
			}
			if tt.place == "" {
				continue
			}
			if errors, ok := a.body["errors"].([]any); !ok || errors[0].(map[string]any)["location"] != tt.place {
				t.Errorf("%s: %s", tt.name, a.text)
			}
		}
		if a := c.do("POST", "/imports", `{}`); a.status != http.StatusUnsupportedMediaType {
			t.Errorf("JSON: %d %s", a.status, a.text)
		}
		r := httptest.NewRequest("POST", "/api/v1/imports", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nord"))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Authorization", "Bearer "+c.secret)
		if a := c.send(r); a.status != http.StatusBadRequest {
			t.Errorf("half a form: %d %s", a.status, a.text)
		}
		if list := c.get("/imports")["items"].([]any); len(list) != 0 {
			t.Errorf("%v", list)
		}
		if c.log.Len() > 0 {
			t.Errorf("logged: %s", c.log)
		}
	})
}
