/** A style sheet as text: what esbuild makes of it in the panel's script. */
declare module '*/panel.css' {
  const text: string;
  export default text;
}
