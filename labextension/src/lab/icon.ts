/** jtune's icon: three sliders. */
export const iconSvg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linecap="round">
    <path d="M4 6h7M17 6h3M4 12h2M12 12h8M4 18h9M19 18h1"/>
  </g>
  <g class="jp-icon3" fill="#616161"><circle cx="14" cy="6" r="2.4"/><circle cx="9" cy="12" r="2.4"/><circle cx="16" cy="18" r="2.4"/></g>
</svg>`;
