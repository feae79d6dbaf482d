package api

import (
	_ "embed"
	"net/http"
)

//go:embed docs.css
var docsStyle []byte

func (s *server) docs(w http.ResponseWriter, r *http.Request) {}
