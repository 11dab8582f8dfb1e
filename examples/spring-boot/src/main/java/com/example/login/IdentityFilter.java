package com.example.login;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Tells in every answer who gave it; the load test's report groups its figures by these. */
@Component
class IdentityFilter extends OncePerRequestFilter {

    private final String version;
    private final String instance;
    private final String zone;

    IdentityFilter(
            @Value("${APP_VERSION:unreleased}") String version,
            @Value("${INSTANCE_ID:unknown}") String instance,
            @Value("${AVAILABILITY_ZONE:unknown}") String zone) {
        this.version = version;
        this.instance = instance;
        this.zone = zone;
    }

    @Override
    protected void doFilterInternal(
            HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        response.setHeader("X-App-Version", version);
        response.setHeader("X-Instance-Id", instance);
        response.setHeader("X-Availability-Zone", zone);
        chain.doFilter(request, response);
    }
}
