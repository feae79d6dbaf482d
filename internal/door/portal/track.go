package portal

import (
	"io"
	"net/http"

	"stamm/internal/action/hit"
	"stamm/internal/door/web/page"
	"stamm/internal/platform/fault"
)

// pixel is a picture of one transparent point.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// track are the addresses that mails lead to: they count and answer, and ask nothing of the database that is not about the hit.
func (s *site) track(mux *http.ServeMux) {
	if s.deps.Hits == nil {
		return
	}
	mux.HandleFunc("GET "+hit.PathOpen+"{token}", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.count(w, r, hit.Open); ok {
			w.Header().Set("Content-Type", "image/gif")
			w.Write([]byte(pixel))
		}
	})
	mux.HandleFunc("GET "+hit.PathHere+"{question}", s.here)
	mux.HandleFunc("GET "+hit.PathClick+"{token}", func(w http.ResponseWriter, r *http.Request) {
		if link, ok := s.count(w, r, hit.Click); ok {
			w.Header().Set("Location", link.Target)
			w.WriteHeader(http.StatusFound)
		}
	})
}

// here shows the assistant, over the domain it asks for, that links of that domain lead to this installation.
func (s *site) here(w http.ResponseWriter, r *http.Request) {
	answer, err := s.deps.Hits.Here(r.Context(), r.PathValue("question"))
	if err != nil {
		s.serve(func(*visit) error { return err }).ServeHTTP(w, r)
		return
	}
	if answer == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, answer)
}

// count counts the hit of a request, which is kept when it returns. What the address says beside its token is never looked at: it leads where the
// link was kept to lead and nowhere else. A token that is none is told plainly and counts nothing. Where the database cannot take the
// hit the reader still gets where she wanted.
func (s *site) count(w http.ResponseWriter, r *http.Request, k hit.Kind) (*hit.Link, bool) {
	link, message, err := s.deps.Hits.Place(r.Context(), k, r.PathValue("token"))
	if err != nil {
		if k == hit.Open && fault.CodeOf(err) == fault.NotFound {
			http.NotFound(w, r)
			return nil, false
		}
		s.serve(func(*visit) error { return err }).ServeHTTP(w, r)
		return nil, false
	}
	h := hit.FromRequest(r)
	h.At, h.Link, h.Message = s.deps.DB.Now(), link, message
	if err := s.deps.Hits.Count(r.Context(), h, page.Sender(r, s.deps.TrustProxy)); err != nil {
		s.deps.Log.Debug("hit not kept", "error", err)
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store, private")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin") // web mailers show the picture on pages of their own
	return link, true
}
