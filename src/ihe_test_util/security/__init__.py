"""Certificates, TLS contexts, later SAML and WS-Security."""
